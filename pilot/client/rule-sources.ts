import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '../../kit/errors.ts';

/** Files as a command line names them. */
export interface FileChoice {
  /** Files, folders, or - for standard input. */
  readonly places: readonly string[];
  /** Whether folders in folders count. */
  readonly isRecursive: boolean;
}

/** A text with the name that messages call it. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** A place that could not be read. */
export interface SourceFault {
  readonly file: string;
  readonly reason: string;
}

export type Source = SourceText | SourceFault;

/** Reads the files one after the other, the YAML and JSON files of folders in the order of their names. */
export async function* readSources(
  { places, isRecursive }: FileChoice,
  readInput: () => Promise<string>,
): AsyncGenerator<Source> {
  for (const place of places) {
    if (place === '-') yield { file: 'stdin', text: await readInput() };
    else yield* readPlace(place, isRecursive);
  }
}

async function* readPlace(place: string, isRecursive: boolean): AsyncGenerator<Source> {
  if (/^https?:\/\//i.test(place)) {
    const reason = `files are read from this machine; fetch it first: curl -fsSL ${place} | cmesh … -f -`;
    yield { file: place, reason };
    return;
  }
  try {
    const files = await listFiles(place, isRecursive);
    if (files.length === 0) yield { file: place, reason: noRules(isRecursive) };
    for (const file of files) yield await readSource(file);
  } catch (error) {
    yield { file: place, reason: describeFileError(error) };
  }
}

async function listFiles(place: string, isRecursive: boolean): Promise<readonly string[]> {
  if (!(await stat(place)).isDirectory()) return [place];
  const entries = await readdir(place, { withFileTypes: true });
  const sorted = entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const lists = sorted.map(async (entry) => {
    const path = join(place, entry.name);
    if (entry.isDirectory()) return isRecursive ? listFiles(path, true) : [];
    return /\.(ya?ml|json)$/.test(entry.name) ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}

function noRules(isRecursive: boolean): string {
  const advice = isRecursive ? '' : '; -R looks into the folders in it too';
  return `there is no .yaml, .yml or .json file in it${advice}`;
}

async function readSource(file: string): Promise<Source> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (error) {
    return { file, reason: describeFileError(error) };
  }
}

/** Node's words name a system call. */
function describeFileError(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read';
  return error instanceof Error ? error.message : String(error);
}

/** What building a kustomization takes is not part of cmesh. Throws OperationError `E_USAGE`. */
export function refuseKustomization(folder: string | undefined): void {
  if (folder === undefined) return;
  throw new OperationError(
    'E_USAGE',
    `-k ${folder}: cmesh cannot build kustomizations; kubectl can, for this mesh too: kubectl apply -k ${folder}, or kubectl kustomize ${folder} | cmesh apply -f -`,
  );
}
