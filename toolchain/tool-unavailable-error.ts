/** The one error of this folder: a program is not to be had, whichever way. */

/** A way to a program that was tried, and why it led nowhere. */
export interface FailedWay {
  readonly way: string;
  readonly reason: string;
}

/** No way led to a program; the message tells all that were tried and what to do. */
export class ToolUnavailableError extends Error {
  readonly code = 'TOOL_UNAVAILABLE';
  override readonly name = 'ToolUnavailableError';
  readonly tool: string;
  readonly failedWays: readonly FailedWay[];

  constructor(tool: string, failedWays: readonly FailedWay[], remedies: readonly string[]) {
    super(
      [
        `${tool} is not available. Tried:`,
        ...failedWays.map(({ way, reason }) => `  - ${way}: ${reason}`),
        'Do one of these:',
        ...remedies.map((remedy) => `  - ${remedy}`),
      ].join('\n'),
    );
    this.tool = tool;
    this.failedWays = failedWays;
  }
}
