import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeObject } from '../../pilot/api/decode.ts';
import { keyOf, showKey } from '../../pilot/api/kinds.ts';
import type { ConfigObject } from '../../pilot/api/resource.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';

/** What every prototype had before anything was sent. */
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const keysBefore = prototypes.map((prototype) => Reflect.ownKeys(prototype));

/** Throws when a prototype has got, or lost, a property. */
export function checkPrototypes(): void {
  assert.deepEqual(
    prototypes.map((prototype) => Reflect.ownKeys(prototype)),
    keysBefore,
  );
}

/** Throws when the store holds what it would not accept, or its views do not agree. */
export function checkStore(store: ConfigStore): void {
  const { items } = store.list();
  for (const object of items) {
    const { kind } = object;
    const { name, namespace } = object.metadata;
    assert.match(name, /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
    if (kind !== 'Namespace') assert.match(namespace ?? '', /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    const result = decodeObject(object, 'Strict');
    assert.ok(result.ok, `${showKey(keyOf(object))} is stored, and not valid`);
  }
  assert.equal(new Set(items.map(identityOf)).size, items.length);
}

function identityOf({ kind, apiVersion, metadata }: ConfigObject): string {
  return [apiVersion.split('/')[0], kind, metadata.namespace, metadata.name].join(' ');
}

/** What is in a folder and below: the paths, and the contents of the files that `reads` takes. */
export async function readTree(
  folder: string,
  reads: (path: string) => boolean = () => true,
): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const read = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    return [path, reads(path) ? await readFile(join(folder, path), 'utf8') : ''] as const;
  });
  return Object.fromEntries((await Promise.all(read)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
