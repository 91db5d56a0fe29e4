import type { Command } from 'commander';

/** What the options about files give. */
export interface FileFlags {
  readonly filename: readonly string[];
}

/** `-f`: the files that a command works on. */
export function addFileOptions(command: Command): Command {
  return command.requiredOption(
    '-f, --filename <files...>',
    'YAML files, folders of them, or - for input',
  );
}
