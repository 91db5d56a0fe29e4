import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { addFileOptions, addStrayFiles, type FileFlags, requireFiles } from '../file-options.ts';
import { completeNamespaces } from '../completion/mesh-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { withPilot } from '../with-pilot.ts';
import { namespaceOption } from '../write-options.ts';

interface DiffFlags extends FileFlags, AddressFlags {
  readonly namespace?: string;
}

/** `cmesh diff`: what an apply would change. */
export function addDiffCommand(program: Command): void {
  const command = program
    .command('diff')
    .summary('show what apply would change')
    .description(
      'Shows what `cmesh apply` would change, as pilot says it. The values of Secrets are not shown.',
    )
    .addHelpText(
      'after',
      `
Examples:
  cmesh diff -f my-rule.yaml
  cmesh diff -f rules/ -R && echo nothing to do

Exit codes: 0 no difference, 1 differences, 2 wrong usage or something was refused, 3 no pilot answers`,
    )
    .action((flags: DiffFlags, { args }: Command) =>
      withPilot('diff', flags, async (pilot, terminal) => {
        const files = requireFiles(flags, args);
        const { diffFiles } = await import('../../pilot/client/diff.ts');
        const { namespace } = flags;
        const command = { files, ...(namespace === undefined ? {} : { namespace }) };
        return diffFiles(pilot, command, terminal);
      }),
    );
  addFileOptions(addStrayFiles(command)).option(...namespaceOption);
  addPilotOptions(completeNamespaces(command));
}
