import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { openDirStore } from '../../pilot/store/dir-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import { startApiServer } from '../support/api-server.ts';
import { makeTemporaryFolder } from '../support/folders.ts';
import { fuzzInjected, type FuzzResult } from './fuzz.ts';
import { checkPrototypes, checkStore, readTree } from './invariants.ts';
import { fuzzSockets } from './raw.ts';

export interface FuzzShare {
  readonly seed: number;
  readonly count: number;
}

const noNames = { version: '1', names: {} };

/** Requests against a store in memory. */
export async function fuzzMemory(share: FuzzShare): Promise<FuzzResult> {
  const server = await startApiServer();
  server.names.set(noNames);
  try {
    const result = await fuzzInjected(server.inject, share);
    checkStore(server.store);
    return result;
  } finally {
    await server.close();
    checkPrototypes();
  }
}

/** Requests against a store of files; nothing may appear outside its folder, and it reads back what it has. */
export async function fuzzDir(share: FuzzShare): Promise<FuzzResult> {
  const folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, 'outside.yaml'), 'untouched');
  const path = join(folder.path, 'a/b/config');
  const store = await openStore(path);
  const server = await startApiServer({ store });
  server.names.set(noNames);
  try {
    const result = await fuzzInjected(server.inject, share);
    checkStore(store);
    const content = contentOf(store);
    await server.close();
    await store.close();
    const outside = Object.entries(await readTree(folder.path)).filter(
      ([file]) => !file.startsWith('a/b/config/'),
    );
    assert.deepEqual(outside, [['outside.yaml', 'untouched']]);
    const again = await openStore(path);
    const reread = contentOf(again);
    await again.close();
    assert.deepEqual(reread, content);
    return result;
  } finally {
    await server.close();
    await folder.remove();
    checkPrototypes();
  }
}

/** Bytes over connections. */
export async function fuzzConnections(share: FuzzShare): Promise<Readonly<Record<string, number>>> {
  const server = await startApiServer();
  server.names.set(noNames);
  try {
    const { answers } = await fuzzSockets(server.url, share);
    checkStore(server.store);
    return answers;
  } finally {
    await server.close();
    checkPrototypes();
  }
}

function openStore(path: string): Promise<ConfigStore> {
  return openDirStore({ path, clock: systemClock, log: createLog('fuzz', 'silent') });
}

/** All that users have written; the versions are those of one run. */
function contentOf(store: ConfigStore): unknown {
  return store.list().items.map(({ metadata, ...rest }) => {
    const { name, namespace, labels, annotations } = metadata;
    return { ...rest, name, namespace, labels, annotations };
  });
}
