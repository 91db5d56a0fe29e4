import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { formatKey } from '../api/kinds.ts';
import type { Json, ObjectKey } from '../api/resource.ts';
import { readManagers } from '../ownership/managers.ts';
import type { FileWrite } from './durable-files.ts';
import { newPathOf } from './file-edit.ts';

/** A hidden folder, so that it is no configuration, and one that git leaves alone. */
const folderName = '.managed-fields';

interface StoredOwners {
  readonly key: ObjectKey;
  readonly managedFields: Json;
}

/**
 * Who owns the fields of the objects in a directory store (metadata.managedFields). That does not belong into
 * the files that people write, so it stands in a hidden folder beside them: one file for each object that has
 * been applied from the server side. Of all others it is known until pilot stops, which only the first such
 * apply could notice. It is a help, not configuration: what cannot be read or written is logged, and left out.
 */
export class OwnersFolder {
  readonly #path: string;
  readonly #log: Log;
  readonly #stored = new Map<string, Json>();

  constructor(root: string, log: Log) {
    this.#path = join(root, folderName);
    this.#log = log;
  }

  /** To be called once, before objects are read. */
  async open(): Promise<void> {
    for (const name of await this.#list()) {
      const stored = await this.#read(join(this.#path, name));
      if (stored !== undefined) this.#stored.set(formatKey(stored.key), stored.managedFields);
    }
  }

  get(key: ObjectKey): Json | undefined {
    return this.#stored.get(formatKey(key));
  }

  /**
   * Takes over who owns the fields of an object; without managed fields, forgets it. Returns what to write for that,
   * with paths from the root.
   */
  put(key: ObjectKey, managedFields: Json | undefined): readonly FileWrite[] {
    const wanted = isWorthIt(managedFields) ? managedFields : undefined;
    if (isDeepStrictEqual(this.get(key), wanted)) return [];
    const path = `${folderName}/${newPathOf(key).replace(/\.yaml$/, '.json')}`;
    if (wanted === undefined) {
      this.#stored.delete(formatKey(key));
      return [{ path, isSecret: false }];
    }
    this.#stored.set(formatKey(key), wanted);
    const text = JSON.stringify({ key, managedFields: wanted });
    const hidden: FileWrite = { path: `${folderName}/.gitignore`, text: '*\n', isSecret: false };
    return [{ path, text, isSecret: false }, ...(this.#stored.size === 1 ? [hidden] : [])];
  }

  /** Whether a file is one of these, which are a help only. */
  has(path: string): boolean {
    return path.startsWith(`${folderName}/`);
  }

  complain(file: string, error: unknown): void {
    const fields = { file, error: describeError(error) };
    this.#log.warn(fields, 'cannot keep who owns the fields of an object');
  }

  async #list(): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#path, { recursive: true });
      return names.filter((name) => name.endsWith('.json')).sort();
    } catch {
      return [];
    }
  }

  async #read(place: string): Promise<StoredOwners | undefined> {
    try {
      const { key, managedFields } = JSON.parse(await readFile(place, 'utf8')) as StoredOwners;
      readManagers(managedFields);
      const { group, kind, namespace, name } = key;
      return { key: { group, kind, namespace, name }, managedFields };
    } catch (error) {
      this.complain(place, error);
      return undefined;
    }
  }
}

function isWorthIt(managedFields: Json | undefined): boolean {
  if (!Array.isArray(managedFields)) return false;
  return readManagers(managedFields).some(({ operation }) => operation === 'Apply');
}
