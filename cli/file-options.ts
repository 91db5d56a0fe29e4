import { type Command, Option } from 'commander';
import type { FileChoice } from '../pilot/client/rule-sources.ts';

/** What the options about files give. */
export interface FileFlags {
  readonly filename?: readonly string[];
  readonly recursive?: true;
  readonly kustomize?: string;
}

/** `-f`, `-R` and `-k`: the files that a command works on. */
export function addFileOptions(command: Command): Command {
  return command
    .option('-f, --filename <files...>', 'YAML or JSON files, folders of them, or - for input')
    .option('-R, --recursive', 'look into the folders of folders too')
    .addOption(
      new Option('-k, --kustomize <folder>', 'not here: kubectl apply -k does it').hideHelp(),
    );
}

/** The files of `-f`; none when the flag is missing. Throws OperationError `E_USAGE` for `-k`. */
export async function chooseFiles(flags: FileFlags): Promise<FileChoice> {
  const { refuseKustomization } = await import('../pilot/client/rule-sources.ts');
  refuseKustomization(flags.kustomize);
  return { places: flags.filename ?? [], isRecursive: flags.recursive === true };
}

/** The same for a command that works on files only: without any it cannot begin. */
export async function requireFiles(flags: FileFlags): Promise<FileChoice> {
  const files = await chooseFiles(flags);
  if (files.places.length > 0) return files;
  const { OperationError } = await import('../kit/errors.ts');
  throw new OperationError('E_USAGE', 'name the files: -f FILE, -f FOLDER, or -f - for input');
}
