import { text } from 'node:stream/consumers';
import { OperationError, describeError } from '../kit/errors.ts';
import { exitCodeOf } from '../kit/exit-code.ts';
import { type Terminal, choosePaint } from '../kit/terminal.ts';

/**
 * Runs the action of a command: it writes to the terminal, and its result is the exit code. What it throws is shown as
 * one line with the name of the command, and gives the exit code that belongs to the error.
 */
export async function runCommand(
  name: string,
  action: (terminal: Terminal) => Promise<number>,
): Promise<void> {
  const terminal = openTerminal();
  try {
    process.exitCode = await action(terminal);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    terminal.complain(`cmesh ${name}: ${describeError(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

function openTerminal(): Terminal {
  endWithReader();
  return {
    print: (line) => process.stdout.write(line),
    complain: (line) => process.stderr.write(line),
    paint: choosePaint(process.stdout, process.env),
    paintComplaint: choosePaint(process.stderr, process.env),
    readInput: () => text(process.stdin),
  };
}

/** `cmesh get vs | head -1` is no failure: who has read enough closes the pipe. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}
