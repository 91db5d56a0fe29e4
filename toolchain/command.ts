/** Runs the programs of the machine (docker, pip, go) and tells in a few words why one failed. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { OperationError } from '../kit/errors.ts';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where and how long a command may run. */
export interface CommandOptions {
  readonly env: Environment;
  readonly timeoutMs: number;
  readonly cwd?: string;
}

/**
 * Runs a command to its end and returns what it printed on standard output. Rejects with an
 * OperationError `COMMAND_FAILED` when it cannot be started, fails, or takes too long.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      {
        env: { ...options.env },
        timeout: options.timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(failure(explain(command, error, stderr), error));
      },
    );
  });
}

/** The path of a command on PATH, or undefined when there is none. */
export async function findOnPath(command: string, env: Environment): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    const path = join(folder, command);
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function failure(reason: string, cause: Error): OperationError {
  return new OperationError('COMMAND_FAILED', reason, { cause });
}

interface Failure {
  readonly code?: string | number | null | undefined;
  readonly killed?: boolean | undefined;
  readonly signal?: NodeJS.Signals | null | undefined;
}

function explain(command: string, failure: Failure, stderr: string): string {
  if (failure.code === 'ENOENT') return `${command} is not installed`;
  if (failure.code === 'EACCES') return `${command} may not be executed`;
  if (failure.killed === true) return `${command} took too long`;
  const how =
    typeof failure.code === 'number'
      ? `exit code ${failure.code}`
      : (failure.signal ?? failure.code ?? 'no reason given');
  return `${command} failed (${how})${lastWords(stderr)}`;
}

/** The end of what a program complained about: the reason stands there, above it is progress. */
function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const last = lines.at(-1)?.trim();
  return last === undefined ? '' : `: ${last.slice(0, 300)}`;
}
