import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { addFileOptions, chooseFiles, type FileFlags } from '../file-options.ts';
import { outputOption } from '../output-option.ts';
import { completeObjects } from '../completion/mesh-names.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { withPilot } from '../with-pilot.ts';
import { type DryRunFlags, dryRunOf, dryRunOption, namespaceOption } from '../write-options.ts';

interface DeleteFlags extends FileFlags, AddressFlags, DryRunFlags {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly selector?: string;
  readonly all?: true;
  readonly ignoreNotFound?: true;
  readonly output?: 'name';
}

/** `cmesh delete`: takes rules away. */
export function addDeleteCommand(program: Command): void {
  const command = program
    .command('delete')
    .summary('take rules out of force')
    .description(
      'Takes rules out of force: those that are named, those that labels select, or those of files.',
    )
    .argument('[objects...]', 'KIND NAME..., KIND/NAME..., or KIND with -l or --all')
    .addHelpText(
      'after',
      `
Examples:
  cmesh delete -f my-rule.yaml
  cmesh delete vs reviews ratings
  cmesh delete vs/reviews dr/reviews
  cmesh delete virtualservices -l team=shop --dry-run
  cmesh delete istio-io --all -A

Exit codes: 0 all done, 1 something was not there, 2 wrong usage, 3 no pilot answers`,
    )
    .action((words: readonly string[], flags: DeleteFlags) =>
      withPilot('delete', flags, async (pilot, terminal) => {
        const files = chooseFiles(flags);
        const { deleteObjects } = await import('../../pilot/client/delete.ts');
        const { namespace, selector, output } = flags;
        return deleteObjects(
          pilot,
          {
            words,
            files,
            isAll: flags.all === true,
            isEverywhere: flags.allNamespaces === true,
            dryRun: dryRunOf(flags),
            ignoreNotFound: flags.ignoreNotFound === true,
            ...(namespace === undefined ? {} : { namespace }),
            ...(selector === undefined ? {} : { selector }),
            ...(output === undefined ? {} : { format: output }),
          },
          terminal,
        );
      }),
    );
  addFileOptions(command)
    .option(...namespaceOption)
    .option('-A, --all-namespaces', 'with -l or --all: in every namespace')
    .option('-l, --selector <labels>', 'those with these labels, such as team=shop')
    .option('--all', 'all of the kind, in the namespace')
    .option('--ignore-not-found', 'do not mind what is not there')
    .addOption(dryRunOption())
    .addOption(outputOption(['name'], 'print only the names'));
  addPilotOptions(completeObjects(command));
}
