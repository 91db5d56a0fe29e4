import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kustomization, buildKustomization } from './kustomization.ts';
import type { Source } from './source.ts';

/** Files as a command line names them. */
export interface FileChoice {
  /** Files, folders, or - for standard input. */
  readonly places: readonly string[];
  /** Whether folders in folders count. */
  readonly isRecursive: boolean;
  readonly kustomization?: Kustomization;
}

/** Whether a command line names files at all. */
export function namesFiles({ places, kustomization }: FileChoice): boolean {
  return places.length > 0 || kustomization !== undefined;
}

/**
 * Reads the files one after the other, the YAML and JSON files of folders in the order of their names. Throws
 * OperationError `E_USAGE` when nothing here can build a kustomization.
 */
export async function* readSources(
  { places, isRecursive, kustomization }: FileChoice,
  readInput: () => Promise<string>,
): AsyncGenerator<Source> {
  for (const place of places) {
    if (place === '-') yield { file: 'stdin', text: await readInput() };
    else yield* readPlace(place, isRecursive);
  }
  if (kustomization !== undefined) yield buildKustomization(kustomization);
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
