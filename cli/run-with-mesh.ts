import type { MeshView } from '../inspect/mesh-view.ts';
import type { Terminal } from '../kit/terminal.ts';
import type { AddressFlags } from '../pilot/client/pilot-address.ts';
import { runCommand } from './run-command.ts';

/**
 * Runs the action of a command that looks into a mesh. The action gets a function for the mesh and not the mesh, because
 * what needs no pilot must not mind a wrong address of one.
 */
export function runWithMesh(
  name: string,
  flags: AddressFlags,
  action: (terminal: Terminal, mesh: () => MeshView) => Promise<number>,
): Promise<void> {
  return runCommand(name, async (terminal) => {
    const { Lifecycle } = await import('../kit/lifecycle.ts');
    const { connectPilot } = await import('../pilot/client/connection.ts');
    const { findPilot } = await import('../pilot/client/pilot-address.ts');
    const { viewMesh } = await import('../inspect/mesh-view.ts');
    const lifecycle = new Lifecycle();
    const mesh = (): MeshView =>
      viewMesh(lifecycle.add(connectPilot(findPilot(flags, process.env))));
    try {
      return await action(terminal, mesh);
    } finally {
      await lifecycle.close();
    }
  });
}
