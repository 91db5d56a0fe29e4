import type { Command } from 'commander';
import { OperationError } from '../kit/errors.ts';
import { type FileChoice, namesFiles } from '../pilot/client/rule-sources.ts';

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
    .option('-k, --kustomize <folder>', 'what a kustomization makes; takes kubectl or kustomize');
}

/** The files of `-f`, or what `-k` makes; none when both are missing. Throws OperationError `E_USAGE` for both. */
export function chooseFiles({ filename, recursive, kustomize }: FileFlags): FileChoice {
  if (filename !== undefined && kustomize !== undefined) {
    throw new OperationError('E_USAGE', 'name files with -f or a kustomization with -k, not both');
  }
  return {
    places: filename ?? [],
    isRecursive: recursive === true,
    ...(kustomize === undefined ? {} : { kustomization: { folder: kustomize, env: process.env } }),
  };
}

/** For a command that works on files only: words without an option are taken, so that they can be refused with advice. */
export function addStrayFiles(command: Command): Command {
  return command.allowExcessArguments();
}

/** The same for a command that works on files only: without any it cannot begin. */
export function requireFiles(flags: FileFlags, strays: readonly string[]): FileChoice {
  const [stray] = strays;
  if (stray !== undefined) {
    throw new OperationError('E_USAGE', `"${stray}" stands by itself: write -f before files`);
  }
  const files = chooseFiles(flags);
  if (namesFiles(files)) return files;
  throw new OperationError(
    'E_USAGE',
    'name the files: -f FILE, -f FOLDER, -f - for input, or -k FOLDER for a kustomization',
  );
}
