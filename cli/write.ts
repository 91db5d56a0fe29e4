import { text } from 'node:stream/consumers';
import type { Command } from 'commander';

interface WriteFlags {
  readonly filename: readonly string[];
  readonly server: string;
  readonly ignoreNotFound?: boolean;
}

/** `cmesh apply` and `cmesh delete`: rules from files, for those who have no kubectl. */
export function addWriteCommands(program: Command): void {
  addWriteCommand(program, 'apply', 'put the rules of files in force').addHelpText(
    'after',
    `
Examples:
  cmesh apply -f samples/bookinfo/networking/destination-rule-all.yaml -f my-rule.yaml
  cmesh apply -f rules/ --server http://localhost:8081
  cat my-rule.yaml | cmesh apply -f -

Exit codes: 0 all done, 1 something was refused, 2 wrong usage`,
  );
  addWriteCommand(program, 'delete', 'take the rules of files out of force')
    .option('--ignore-not-found', 'do not mind what is not there')
    .addHelpText(
      'after',
      `
Examples:
  cmesh delete -f my-rule.yaml

Exit codes: 0 all done, 1 something was not there, 2 wrong usage`,
    );
}

function addWriteCommand(program: Command, verb: 'apply' | 'delete', description: string): Command {
  return program
    .command(verb)
    .description(description)
    .requiredOption('-f, --filename <files...>', 'YAML files, folders of them, or - for input')
    .option('--server <url>', 'the configuration API of the mesh', 'http://localhost:8080')
    .action(async ({ filename, server, ignoreNotFound = false }: WriteFlags) => {
      const { writeFiles } = await import('../pilot/client/write-files.ts');
      process.exitCode = await writeFiles(
        { verb, files: filename, server, ignoreNotFound },
        {
          out: (line) => {
            console.log(line);
          },
          error: (line) => {
            console.error(line);
          },
          readInput: () => text(process.stdin),
        },
      );
    });
}
