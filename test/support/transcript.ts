import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A command line of a transcript and what it is expected to print. */
interface Step {
  readonly command: string;
  /** Whether it changes nothing, so that it may run at the same time as its neighbours. */
  readonly isReading: boolean;
  readonly expected: readonly string[];
}

/** Commands with what they print, as one sees them in a terminal. */
export interface Transcript {
  /** The first line: what the commands do together. */
  readonly title: string;
  readonly steps: readonly Step[];
}

/**
 * Reads a transcript. `$ COMMAND` runs by itself, neighbours with `= COMMAND` run at the same time. The lines below are
 * what it prints: standard output, then standard error with `2> ` before it, then `[exit N]` unless N is 0.
 */
export function readTranscript(path: string): Transcript {
  const [title = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const steps: { command: string; isReading: boolean; expected: string[] }[] = [];
  for (const line of lines) {
    if (/^[$=] /.test(line)) {
      steps.push({ command: line.slice(2), isReading: line.startsWith('='), expected: [] });
    } else if (steps.length > 0) steps.at(-1)?.expected.push(line);
  }
  return { title: title.replace(/^# /, ''), steps };
}

/** The transcript as it is written; blank lines between commands are not output. */
export function writeTranscript({ title, steps }: Transcript): string {
  const parts = steps.map(({ command, isReading, expected }) =>
    [`${isReading ? '=' : '$'} ${command}`, ...expected].join('\n'),
  );
  return `# ${title}\n\n${parts.join('\n')}\n`;
}

export interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs all commands; the result has what they really print, without what differs from run to run. */
export async function runTranscript(
  { title, steps }: Transcript,
  options: ShellOptions,
): Promise<Transcript> {
  const done: Step[] = [];
  for (let at = 0; at < steps.length;) {
    const [first] = steps.slice(at, at + 1);
    const rest = steps.slice(at);
    const others = rest.findIndex(({ isReading }) => !isReading);
    const length = first?.isReading === true ? (others === -1 ? rest.length : others) : 1;
    const together = steps.slice(at, at + length);
    done.push(
      ...(await Promise.all(
        together.map(async (step) => ({ ...step, expected: await run(step.command, options) })),
      )),
    );
    at += length;
  }
  return { title, steps: done };
}

function run(command: string, options: ShellOptions): Promise<readonly string[]> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', command], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve([
        ...linesOf(stdout),
        ...linesOf(stderr).map((line) => `2> ${line}`),
        ...(code === 0 ? [] : [`[exit ${String(code)}]`]),
      ]);
    }).stdin?.end();
  });
}

const volatile: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME'],
  [/\b1\d{12}\b/g, 'VERSION'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UID'],
  [/(?<=\s)\d+s$/g, 'AGE'],
  [/(?<=\s)\d+s {2,}/g, 'AGE   '],
  [/\/tmp\/[\w/.-]*?(LIVE|MERGED)-\d+/g, '$1'],
  [/\t\d{4}-\d\d-\d\d [\d:.]+ [+-]\d{4}/g, '\tTIME'],
  [/(configmap\/many)-[0-9a-z]{5}/g, '$1-HASH'],
  [/[ \t]+$/g, ''],
];

function linesOf(text: string): readonly string[] {
  // Versions of kubectl differ in how many empty lines they leave.
  const lines = text
    .trimEnd()
    .replace(/\n{3,}/g, '\n\n')
    .split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  // What is in force grows with the mesh; the warnings have a test of their own.
  const lasting = lines.filter((line) => !line.includes('not yet in force'));
  return lasting.map((line) =>
    volatile.reduce((result, [pattern, name]) => result.replace(pattern, name), line),
  );
}
