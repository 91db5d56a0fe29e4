import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { addFileOptions, type FileFlags } from '../file-options.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runCommand } from '../run-command.ts';

interface DeleteFlags extends FileFlags, AddressFlags {
  readonly ignoreNotFound?: true;
}

/** `cmesh delete`: takes rules away. */
export function addDeleteCommand(program: Command): void {
  const command = program
    .command('delete')
    .description('take the rules of files out of force')
    .addHelpText(
      'after',
      `
Examples:
  cmesh delete -f my-rule.yaml

Exit codes: 0 all done, 1 something was not there, 2 wrong usage, 3 no pilot answers`,
    )
    .action((flags: DeleteFlags) =>
      runCommand('delete', async (terminal) => {
        const { writeFiles } = await import('../../pilot/client/write-files.ts');
        const { findPilot } = await import('../../pilot/client/pilot-address.ts');
        const pilot = findPilot(flags, process.env);
        const ignoreNotFound = flags.ignoreNotFound === true;
        return writeFiles(
          { verb: 'delete', files: flags.filename, pilot, ignoreNotFound },
          terminal,
        );
      }),
    );
  addFileOptions(command).option('--ignore-not-found', 'do not mind what is not there');
  addPilotOptions(command);
}
