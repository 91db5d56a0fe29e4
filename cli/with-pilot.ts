import type { Terminal } from '../kit/terminal.ts';
import type { Connection } from '../pilot/client/connection.ts';
import type { AddressFlags } from '../pilot/client/pilot-address.ts';
import { runCommand } from './run-command.ts';

/** Runs the action of a command that asks pilot: as runCommand does, with a connection that is closed at the end. */
export function withPilot(
  name: string,
  flags: AddressFlags,
  action: (pilot: Connection, terminal: Terminal) => Promise<number>,
): Promise<void> {
  return runCommand(name, async (terminal) => {
    const { findPilot } = await import('../pilot/client/pilot-address.ts');
    const { connectPilot } = await import('../pilot/client/connection.ts');
    const pilot = connectPilot(findPilot(flags, process.env));
    try {
      return await action(pilot, terminal);
    } finally {
      await pilot.close();
    }
  });
}
