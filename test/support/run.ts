import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const tsx = import.meta.resolve('tsx');

/** The words that start `cmesh` from the sources. */
export const cmeshCommand = [process.execPath, '--import', tsx, main] as const;

/** A command of `cmesh` that runs. */
export interface Run {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has printed so far. */
  readonly output: () => string;
  readonly errors: () => string;
  /** The exit code; null after a signal. */
  readonly ended: Promise<number | null>;
}

/** Starts `cmesh` from the sources. */
export function runCmesh(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Run {
  const child = spawn(cmeshCommand[0], [...cmeshCommand.slice(1), ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, errors: () => errors, ended };
}
