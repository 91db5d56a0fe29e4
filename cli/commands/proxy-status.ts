import type { Command } from 'commander';
import type { ProxyStatusFlags } from '../../inspect/proxy-status.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeProxies, completeWords } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { addProxyOptions } from '../proxy-options.ts';
import { runWithMesh } from '../run-with-mesh.ts';

/** `cmesh proxy-status`: what of its configuration every proxy has. */
export function addProxyStatusCommand(program: Command): void {
  const command = program
    .command('proxy-status')
    .alias('ps')
    .description('say of every proxy what it has of its configuration, and what it refuses')
    .argument('[name]', 'a proxy: shows how what it runs differs from what pilot wants')
    .option('-o, --output <format>', 'short, wide, json or yaml', 'short')
    .addHelpText(
      'after',
      `
SYNCED: it has accepted everything. STALE: something is on its way, or waits for another type. NACK: it refuses
something; Envoy's words and the rule that it comes from stand below. NOT SENT: it has not asked, or there is nothing.

Examples:
  cmesh proxy-status
  cmesh proxy-status reviews-v1           # what Envoy has against what pilot wants
  cmesh proxy-status reviews/v1 -o json

Exit codes: 0 all is well, 1 a proxy refuses something or differs, 2 wrong usage, 3 no pilot answers (docs/inspecting.md)`,
    )
    .action((name: string | undefined, flags: ProxyStatusFlags & AddressFlags) =>
      runWithMesh('proxy-status', flags, async (terminal, mesh) => {
        const { runProxyStatus } = await import('../../inspect/proxy-status.ts');
        return runProxyStatus(name, flags, { terminal, mesh: mesh(), now: Date.now() });
      }),
    );
  addProxyOptions(completeProxies(command));
  completeWords(command, '--output', ['short', 'wide', 'json', 'yaml']);
  addPilotOptions(command);
}
