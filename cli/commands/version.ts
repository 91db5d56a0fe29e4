import type { Command } from 'commander';
import type { VersionFlags } from '../../inspect/versions.ts';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { completeWords } from '../completion/live-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runWithMesh } from '../run-with-mesh.ts';

/** `cmesh version`: of all parts of a mesh. */
export function addVersionCommand(program: Command): void {
  const command = program
    .command('version')
    .description('say the versions of cmesh, pilot, the registrators and every proxy')
    .option('-o, --output <format>', 'text, json or yaml', 'text')
    .option('-s, --short', 'count the proxies instead of listing them')
    .option('--project <name>', 'Compose project, where there are several')
    .addHelpText(
      'after',
      `
Parts whose versions do not go together are named. \`cmesh --version\` says its own without asking anybody.

Examples:
  cmesh version
  cmesh version --short
  cmesh version -o json | jq -r '.proxies[] | "\\(.proxy) \\(.agent)"'

Exit codes: 0 shown, 2 wrong usage, 3 no pilot answers (docs/inspecting.md)`,
    )
    .action((flags: VersionFlags & AddressFlags) =>
      runWithMesh('version', flags, async (terminal, mesh) => {
        const { runVersion } = await import('../../inspect/versions.ts');
        return runVersion(flags, terminal, mesh);
      }),
    );
  addPilotOptions(completeWords(command, '--output', ['text', 'json', 'yaml']));
}
