import type { Command } from 'commander';
import type { AddressFlags } from '../../pilot/client/pilot-address.ts';
import { addFileOptions, type FileFlags } from '../file-options.ts';
import { addPilotOptions } from '../pilot-options.ts';
import { runCommand } from '../run-command.ts';

/** `cmesh apply`: rules from files, for those who have no kubectl. */
export function addApplyCommand(program: Command): void {
  const command = program
    .command('apply')
    .description('put the rules of files in force')
    .addHelpText(
      'after',
      `
Examples:
  cmesh apply -f samples/bookinfo/networking/destination-rule-all.yaml -f my-rule.yaml
  cmesh apply -f rules/ --pilot http://localhost:8081
  cat my-rule.yaml | cmesh apply -f -

Exit codes: 0 all done, 1 something was refused, 2 wrong usage, 3 no pilot answers`,
    )
    .action((flags: FileFlags & AddressFlags) =>
      runCommand('apply', async (terminal) => {
        const { writeFiles } = await import('../../pilot/client/write-files.ts');
        const { findPilot } = await import('../../pilot/client/pilot-address.ts');
        const pilot = findPilot(flags, process.env);
        return writeFiles(
          { verb: 'apply', files: flags.filename, pilot, ignoreNotFound: false },
          terminal,
        );
      }),
    );
  addFileOptions(command);
  addPilotOptions(command);
}
