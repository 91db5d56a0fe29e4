import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import type { ObjectFormat } from '../../pilot/client/print-objects.ts';
import { addFileOptions, addStrayFiles, type FileFlags, requireFiles } from '../file-options.ts';
import { outputOption } from '../output-option.ts';
import { completeNamespaces } from '../completion/mesh-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { withPilot } from '../with-pilot.ts';
import { type DryRunFlags, dryRunOf, dryRunOption, namespaceOption } from '../write-options.ts';

interface ApplyFlags extends FileFlags, AddressFlags, DryRunFlags {
  readonly namespace?: string;
  readonly output?: ObjectFormat;
}

/** `cmesh apply`: rules from files, for those who have no kubectl. */
export function addApplyCommand(program: Command): void {
  const command = program
    .command('apply')
    .summary('put the rules of files in force')
    .description(
      'Puts the rules of files in force: an object that is not there is created, another one becomes what the file says. Wrong objects are refused with their place and what to do, and the others go through.',
    )
    .addHelpText(
      'after',
      `
Examples:
  cmesh apply -f samples/bookinfo/networking/destination-rule-all.yaml -f my-rule.yaml
  cmesh apply -f rules/ --pilot http://localhost:8081
  cmesh apply -f rules/ -R --dry-run
  cmesh apply -k overlays/canary
  cat my-rule.yaml | cmesh apply -f -

Exit codes: 0 all done, 1 something was refused, 2 wrong usage, 3 no pilot answers`,
    )
    .action((flags: ApplyFlags, { args }: Command) =>
      withPilot('apply', flags, async (pilot, terminal) => {
        const files = requireFiles(flags, args);
        const { applyFiles } = await import('../../pilot/client/apply.ts');
        const { namespace, output } = flags;
        return applyFiles(
          pilot,
          {
            files,
            dryRun: dryRunOf(flags),
            ...(namespace === undefined ? {} : { namespace }),
            ...(output === undefined ? {} : { format: output }),
          },
          terminal,
        );
      }),
    );
  addFileOptions(addStrayFiles(command))
    .option(...namespaceOption)
    .addOption(dryRunOption())
    .addOption(outputOption(['json', 'yaml', 'name'], 'print the objects'));
  addPilotOptions(completeNamespaces(command));
}
