import type { Clock } from '../../kit/clock.ts';
import type { Problem } from '../../kit/problem.ts';
import { WatchedCell } from '../../kit/watched.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { keyOf } from '../api/kinds.ts';
import { ObjectTable } from './object-table.ts';
import type { ConfigStore, DeleteOptions, WriteOptions } from './store.ts';

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** How many changes a watcher may be behind. Default 1000. */
  readonly logSize?: number;
}

/** A store that forgets all when the process ends: for tests, and for a mesh that is set up by its tests. */
export function createMemoryStore(options: MemoryStoreOptions): ConfigStore {
  const table = new ObjectTable(options.clock, options.logSize);
  table.open();
  const problems = new WatchedCell<readonly Problem[]>();
  problems.set([]);
  const put = (object: ConfigObject, { dryRun }: WriteOptions): ConfigObject => {
    if (dryRun === true) return object;
    table.commit([{ kind: 'put', object }]);
    return table.get(keyOf(object)) ?? object;
  };
  const remove = (key: ObjectKey, options: DeleteOptions): ConfigObject => {
    const removed = table.planDelete(key, options);
    if (options.dryRun !== true) table.commit([{ kind: 'remove', key: keyOf(removed) }]);
    return removed;
  };
  return {
    list: (filter) => table.list(filter),
    get: (key) => table.get(key),
    create: (object, options = {}) =>
      attempt(() => put(table.planCreate(object, options), options)),
    replace: (object, options = {}) =>
      attempt(() => put(table.planReplace(object, options), options)),
    delete: (key, options = {}) => attempt(() => remove(key, options)),
    watch: (from, listener) => table.watch(from, listener),
    resources: table.resources,
    problems,
    close: () => undefined,
  };
}

/** Runs at once, and turns what it throws into a rejection. */
function attempt<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(action());
  });
}
