import { execFile } from 'node:child_process';

/** The repository's folder. */
export const root = new URL('../../', import.meta.url).pathname;

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input?: string;
  /** Milliseconds, then the command is killed; 3 minutes unless told. */
  readonly limit?: number;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. Throws when it cannot be started or takes too long. */
export function attempt(
  program: string,
  args: readonly string[],
  { cwd = root, env = {}, input, limit = 180_000 }: CommandOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...process.env, ...env },
      timeout: limit,
      maxBuffer: 64 * 2 ** 20,
    };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number') resolve({ code, stdout, stderr });
      else reject(new Error(`${describe(program, args)} did not end by itself`, { cause: error }));
    });
    // A program that has ended before it read its input is judged by its exit code.
    child.stdin?.on('error', () => undefined).end(input ?? '');
  });
}

/** Runs a program that must succeed; returns what it printed. Throws with all that it said. */
export async function run(
  program: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options);
  if (code === 0) return stdout.trim();
  throw new Error(`${describe(program, args)} ended with ${code}:\n${stderr}${stdout}`);
}

function describe(program: string, args: readonly string[]): string {
  const words = [program, ...args].map((word) =>
    word.length > 80 ? `${word.slice(0, 80)}…` : word,
  );
  return words.join(' ');
}
