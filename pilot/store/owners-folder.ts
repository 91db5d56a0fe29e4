import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { formatKey } from '../api/kinds.ts';
import type { Json, ObjectKey } from '../api/resource.ts';
import { readManagers } from '../ownership/managers.ts';
import { writeFileAtomically } from './atomic-write.ts';
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

  /** Without managed fields, forgets the object. */
  async put(key: ObjectKey, managedFields: Json | undefined): Promise<void> {
    const before = this.get(key);
    const wanted = isWorthIt(managedFields) ? managedFields : undefined;
    if (isDeepStrictEqual(before, wanted)) return;
    const place = join(this.#path, newPathOf(key).replace(/\.yaml$/, '.json'));
    try {
      if (wanted === undefined) {
        this.#stored.delete(formatKey(key));
        await rm(place, { force: true });
        return;
      }
      this.#stored.set(formatKey(key), wanted);
      if (this.#stored.size === 1) await this.#hideFromGit();
      await writeFileAtomically(place, JSON.stringify({ key, managedFields: wanted }));
    } catch (error) {
      this.#complain(place, error);
    }
  }

  async #hideFromGit(): Promise<void> {
    await mkdir(this.#path, { recursive: true });
    await writeFile(join(this.#path, '.gitignore'), '*\n');
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
      this.#complain(place, error);
      return undefined;
    }
  }

  #complain(file: string, error: unknown): void {
    const fields = { file, error: describeError(error) };
    this.#log.warn(fields, 'cannot keep who owns the fields of an object');
  }
}

function isWorthIt(managedFields: Json | undefined): boolean {
  if (!Array.isArray(managedFields)) return false;
  return readManagers(managedFields).some(({ operation }) => operation === 'Apply');
}
