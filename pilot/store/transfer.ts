import { isDeepStrictEqual } from 'node:util';
import { describeError } from '../../kit/errors.ts';
import { formatKey, keyOf } from '../api/kinds.ts';
import { type ConfigObject, bodyOf, writtenOf } from '../api/resource.ts';
import type { ConfigStore } from './store.ts';
import { withoutDeletion } from './terminating.ts';

/** What happens to an object that the target has with another content. */
export type ConflictPolicy = 'fail' | 'overwrite' | 'keep';

export const conflictPolicies: readonly ConflictPolicy[] = ['fail', 'overwrite', 'keep'];

export type Verb = 'create' | 'overwrite' | 'keep' | 'conflict' | 'unchanged';

/** One object on its way into another store, and what is to be done there. */
export interface Transfer {
  readonly verb: Verb;
  readonly object: ConfigObject;
}

/** Works out what brings `source` into a store that has `target`, sorted as a list is. Pure. */
export function planTransfer(
  source: readonly ConfigObject[],
  target: readonly ConfigObject[],
  policy: ConflictPolicy,
): readonly Transfer[] {
  const there = new Map(target.map((object) => [formatKey(keyOf(object)), object]));
  const otherwise = policy === 'fail' ? 'conflict' : policy;
  return sortObjects(source).map((object) => {
    const known = there.get(formatKey(keyOf(object)));
    if (known === undefined) return { verb: 'create', object };
    return { verb: saysTheSame(known, object) ? 'unchanged' : otherwise, object };
  });
}

/** By kind, namespace and name: the order of a list, and of an export that stands in git. */
export function sortObjects(objects: readonly ConfigObject[]): readonly ConfigObject[] {
  const order = (object: ConfigObject): string => {
    const { group, kind, namespace, name } = keyOf(object);
    return [kind, namespace, name, group].join('\0');
  };
  return objects
    .map((object) => ({ object, order: order(object) }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .map(({ object }) => object);
}

export interface TransferFailure {
  readonly object: ConfigObject;
  readonly reason: string;
}

export interface TransferOptions {
  /** Called before each write. */
  readonly onProgress: (done: number, all: number) => void;
  /** Ends after the write that runs. */
  readonly signal: AbortSignal;
}

/**
 * Writes what is planned, one object after the other, with uid and time of creation. One refusal does not stop the
 * rest. What was interrupted can be done again: what is there already is unchanged then.
 */
export async function transferObjects(
  plan: readonly Transfer[],
  target: ConfigStore,
  { onProgress, signal }: TransferOptions,
): Promise<readonly TransferFailure[]> {
  const writes = plan.filter(({ verb }) => verb === 'create' || verb === 'overwrite');
  const failures: TransferFailure[] = [];
  for (const [index, { verb, object }] of writes.entries()) {
    if (signal.aborted) {
      failures.push({ object, reason: 'interrupted before it was written' });
      continue;
    }
    onProgress(index, writes.length);
    try {
      await (verb === 'create'
        ? target.create(withoutDeletion(object))
        : target.replace(anyVersion(object)));
    } catch (error) {
      failures.push({ object, reason: describeError(error) });
    }
  }
  onProgress(writes.length, writes.length);
  return failures;
}

/** The version and the identity of another store say nothing here. */
function anyVersion({ metadata, ...object }: ConfigObject): ConfigObject {
  return { ...object, metadata: writtenOf(metadata) };
}

/** The objects that a store should have by now, and has not, or with another content. */
export function findMissing(
  plan: readonly Transfer[],
  target: readonly ConfigObject[],
): readonly ConfigObject[] {
  const there = new Map(target.map((object) => [formatKey(keyOf(object)), object]));
  return plan.flatMap(({ verb, object }) => {
    if (verb === 'keep' || verb === 'conflict') return [];
    const found = there.get(formatKey(keyOf(object)));
    return found !== undefined && saysTheSame(found, object) ? [] : [object];
  });
}

/** What people wrote is equal; status and field managers are notes of servers. */
function saysTheSame(left: ConfigObject, right: ConfigObject): boolean {
  const written = (object: ConfigObject): unknown => {
    const { labels = {}, annotations = {} } = object.metadata;
    return [labels, annotations, bodyOf(object)];
  };
  return isDeepStrictEqual(written(left), written(right));
}
