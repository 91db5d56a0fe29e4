/** The one error of this folder: a program is not to be had, whichever way. */
import { OperationError } from '../kit/errors.ts';

/** A way to a program that was tried, and why it led nowhere. */
export interface FailedWay {
  readonly way: string;
  readonly reason: string;
}

/** No way led to a program; the message tells all that were tried and what to do. */
export class ToolUnavailableError extends OperationError {
  readonly tool: string;
  readonly failedWays: readonly FailedWay[];

  constructor(tool: string, failedWays: readonly FailedWay[], remedies: readonly string[]) {
    super(
      'TOOL_UNAVAILABLE',
      [
        `${tool} is not available. Tried:`,
        ...failedWays.map(({ way, reason }) => `  - ${way}: ${reason}`),
        'Do one of these:',
        ...remedies.map((remedy) => `  - ${remedy}`),
      ].join('\n'),
    );
    this.name = 'ToolUnavailableError';
    this.tool = tool;
    this.failedWays = failedWays;
  }
}
