import type { Command } from 'commander';
import type { DescribeFlags } from '../../inspect/describe.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeProxies, completeServices, completeWords } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runWithMesh } from '../run-with-mesh.ts';

const kinds = {
  service: {
    alias: 'svc',
    description: 'its ports, instances, subsets, and the rules for calls to it in their order',
    argument: 'a service, by its full name or a short one',
  },
  workload: {
    alias: 'wl',
    description: 'its proxy, the services it is a part of, the rules that lead to it or select it',
    argument: 'WORKLOAD, WORKLOAD.NAMESPACE or SERVICE/VERSION',
  },
} as const;

/** `cmesh describe`: what a mesh does with calls to a service, and what a workload is in it. */
export function addDescribeCommand(program: Command): void {
  const parent = program
    .command('describe')
    .description(
      'say of a service or a workload what rules apply to it, and what is wrong with them',
    )
    .addHelpText(
      'after',
      `
Examples:
  cmesh describe service reviews
  cmesh describe workload reviews-v1
  cmesh describe service reviews -o json

Exit codes: 0 shown, 1 no such service or workload, 2 wrong usage, 3 no pilot answers (docs/inspecting.md)`,
    );
  for (const kind of ['service', 'workload'] as const) {
    const { alias, description, argument } = kinds[kind];
    const command = parent
      .command(kind)
      .alias(alias)
      .description(description)
      .argument('<name>', argument)
      .option('-o, --output <format>', 'text, json or yaml', 'text')
      .option('-n, --namespace <name>', 'namespace of the workload, where names are not unique')
      .action((name: string, flags: DescribeFlags & AddressFlags) =>
        runWithMesh(`describe ${kind}`, flags, async (terminal, mesh) => {
          const { runDescribe } = await import('../../inspect/describe.ts');
          return runDescribe(kind, name, flags, { terminal, mesh: mesh(), now: Date.now() });
        }),
      );
    addPilotOptions(kind === 'service' ? completeServices(command) : completeProxies(command));
    completeWords(command, '--output', ['text', 'json', 'yaml']);
  }
}
