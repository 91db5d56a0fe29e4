import { stat } from 'node:fs/promises';
import { systemClock } from '../../kit/clock.ts';
import { createConsulClient } from '../../kit/consul-client.ts';
import { OperationError } from '../../kit/errors.ts';
import { createLog } from '../../kit/log.ts';
import type { Problem } from '../../kit/problem.ts';
import type { ConfigObject } from '../api/resource.ts';
import { readDocument } from './consul-document.ts';
import { headPathOf } from './consul-keys.ts';
import { ConsulKv } from './consul-kv.ts';
import { openDirStore } from './dir-store.ts';
import { type StoreLocation, formatStoreLocation } from './store-location.ts';

/** What a store holds at one moment. */
export interface StoreContent {
  readonly objects: readonly ConfigObject[];
  readonly problems: readonly Problem[];
}

/**
 * Reads a store once and changes nothing there; a place that is not there yet is empty. Throws OperationError
 * `E_USAGE` for a store that only its own process can read, StoreError `E_UNAVAILABLE` when Consul does not answer.
 */
export async function readStore(location: StoreLocation): Promise<StoreContent> {
  switch (location.kind) {
    case 'memory':
      throw new OperationError('E_USAGE', 'a store in memory can only be read by its own pilot');
    case 'dir':
      return readDir(location.path);
    case 'consul':
      return readConsul(location);
  }
}

/** Whether the place of the store is there: a mistyped path is not an empty store. */
export async function isThere(location: StoreLocation): Promise<boolean> {
  if (location.kind !== 'dir') return true;
  try {
    return (await stat(location.path)).isDirectory();
  } catch {
    return false;
  }
}

async function readDir(path: string): Promise<StoreContent> {
  if (!(await isThere({ kind: 'dir', path }))) return { objects: [], problems: [] };
  const store = await openDirStore({ path, clock: systemClock, log: createLog('store', 'silent') });
  const { items: objects } = store.list();
  const problems = store.problems.current() ?? [];
  await store.close();
  return { objects, problems };
}

async function readConsul(
  location: Extract<StoreLocation, { kind: 'consul' }>,
): Promise<StoreContent> {
  const kv = new ConsulKv({ ...location, client: createConsulClient(location) });
  const { entries } = await kv.readTree();
  const place = formatStoreLocation(location);
  const documents = entries
    .filter(({ path }) => path !== headPathOf(location.prefix))
    .map((entry) => readDocument(location.prefix, entry.path, entry.text()));
  return {
    objects: documents.flatMap(({ object }) => (object === undefined ? [] : [object])),
    problems: documents
      .flatMap(({ problems }) => problems)
      .map((problem) => ({ ...problem, resource: `${place}: ${problem.resource}` })),
  };
}
