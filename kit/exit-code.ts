import { OperationError } from './errors.ts';

/**
 * How every command of cmesh ends; docs/cmesh.md shows the table. `failed` is the answer no: refused, not found, or
 * (diff, validate, test) what the command looks for is there. A command that could not give its answer ends with one of the others.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  noPilot: 3,
} as const;

const codesOfErrors: Readonly<Record<string, ExitCode>> = {
  E_USAGE: exitCodes.usage,
  E_PILOT_UNREACHABLE: exitCodes.noPilot,
  E_PILOT_DENIED: exitCodes.noPilot,
};

/** The exit code for what a command has thrown; `otherwise` for errors that say nothing about it. */
export function exitCodeOf(error: unknown, otherwise: ExitCode = exitCodes.failed): ExitCode {
  return error instanceof OperationError ? (codesOfErrors[error.code] ?? otherwise) : otherwise;
}

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code means, in the words of the documentation. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'something was refused, was not found or failed; differences or mistakes were found',
  2: 'wrong usage, or cannot begin: a flag, an argument or a file is wrong',
  3: 'no pilot answers, or it refuses who asks',
};
