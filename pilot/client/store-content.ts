import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError, describeError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { parseConfigFile, staysInForce } from '../store/config-file.ts';
import { type StoreContent, isThere, readStore } from '../store/read-store.ts';
import {
  type StoreLocation,
  formatStoreLocation,
  parseStoreLocation,
  storeForms,
} from '../store/store-location.ts';

/** Throws OperationError `E_USAGE` for a text that names no store that others can reach. */
export function locateStore(flag: string, text: string, token: string | undefined): StoreLocation {
  const location = parseStoreLocation(text, token);
  if (location === undefined || location.kind === 'memory') {
    const forms = storeForms.replace('"memory", ', '');
    throw new OperationError('E_USAGE', `--${flag} "${text}" is not ${forms}`);
  }
  return location;
}

/** Reads a store that must be there. Throws OperationError `E_USAGE` for a directory that is not. */
export async function readSource(location: StoreLocation): Promise<StoreContent> {
  if (!(await isThere(location))) {
    throw new OperationError('E_USAGE', `${formatStoreLocation(location)}: no such directory`);
  }
  return readStore(location);
}

/** Reads the objects of files, of folders with everything below, and of standard input (-). */
export async function readFiles(
  places: readonly string[],
  terminal: Terminal,
): Promise<StoreContent> {
  const reader = new FileReader();
  for (const place of places) {
    for (const path of await listFiles(place)) {
      reader.read(path, path === '-' ? await terminal.readInput() : await readFile(path, 'utf8'));
    }
  }
  return reader;
}

class FileReader implements StoreContent {
  readonly objects: ConfigObject[] = [];
  readonly problems: Problem[] = [];
  /** Where each object was first. */
  readonly #seen = new Map<string, string>();

  read(path: string, text: string): void {
    for (const { objects, problems, line } of parseConfigFile(path, text).documents) {
      this.problems.push(...problems.map(asOfFile));
      for (const { object, below } of objects) this.#take(object, `${path}:${line + below}`);
    }
  }

  #take(object: ConfigObject, at: string): void {
    const key = formatKey(keyOf(object));
    const before = this.#seen.get(key);
    if (before !== undefined) {
      this.problems.push(duplicateOf(object, at, before));
      return;
    }
    this.#seen.set(key, at);
    this.objects.push(object);
  }
}

function asOfFile(problem: Problem): Problem {
  return { ...problem, message: problem.message.replace(staysInForce, '') };
}

function duplicateOf({ kind, metadata }: ConfigObject, at: string, before: string): Problem {
  return {
    code: 'E_DUPLICATE_OBJECT',
    severity: 'error',
    resource: `${at} ${kind} ${metadata.namespace}/${metadata.name}`,
    message: `the object is already in ${before}; remove one of the two`,
  };
}

async function listFiles(place: string): Promise<readonly string[]> {
  try {
    if (place === '-' || !(await stat(place)).isDirectory()) return [place];
    const names = await readdir(place, { recursive: true });
    return names
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => join(place, name));
  } catch (error) {
    throw new OperationError('E_USAGE', describeError(error), { cause: error });
  }
}
