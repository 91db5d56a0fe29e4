import type { Command } from 'commander';
import { addFileOptions, addStrayFiles, type FileFlags, requireFiles } from '../file-options.ts';
import { outputOption } from '../output-option.ts';
import { runCommand } from '../run-command.ts';

interface ValidateFlags extends FileFlags {
  readonly output?: 'json';
  readonly strict?: true;
}

/** `cmesh validate`: what is wrong in files. */
export function addValidateCommand(program: Command): void {
  const command = program
    .command('validate')
    .summary('say what is wrong in files, without a mesh')
    .description(
      'Says all that is wrong in files, each with FILE:LINE:COLUMN, without a mesh. Objects of kinds that the mesh does not have, such as Deployments, are said and not checked.',
    )
    .addHelpText(
      'after',
      `
Examples:
  cmesh validate -f rules/ -R
  cmesh validate -f rules/ --strict -o json | jq -r '.problems[].message'
  git show HEAD:rules/reviews.yaml | cmesh validate -f -

Exit codes: 0 nothing is wrong, 1 mistakes, 2 wrong usage, or a file cannot be read`,
    )
    .action((flags: ValidateFlags, { args }: Command) =>
      runCommand('validate', async (terminal) => {
        const files = requireFiles(flags, args);
        const { validateFiles } = await import('../../pilot/client/validate.ts');
        const { output, strict } = flags;
        const isStrict = strict === true;
        return validateFiles(
          { files, isStrict, ...(output === undefined ? {} : { format: output }) },
          terminal,
        );
      }),
    );
  addFileOptions(addStrayFiles(command))
    .option('--strict', 'warnings count as mistakes')
    .addOption(outputOption(['json'], 'another form than lines'));
}
