import type { Clock } from '../../kit/clock.ts';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { keyOf, showKey } from '../api/kinds.ts';
import { isTerminating, namespaceKey } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
import { formatTimestamp, sameContent } from '../store/stamp.ts';
import { type ConfigStore, type DeleteOptions, StoreError } from '../store/store.ts';
import { withoutDeletion } from '../store/terminating.ts';

/** Who writes by hand what is in a namespace while it goes is not waited for longer than so many rounds. */
const rounds = 5;
/** So often a write to the namespace itself is tried again when somebody else wrote it in between. */
const attempts = 20;

export interface NamespaceRemoval {
  readonly store: ConfigStore;
  readonly name: string;
  /** When it begins (ms since the epoch). */
  readonly now: number;
  /** Called with the namespace as it is when its deletion begins; what it throws ends all. */
  readonly check?: (namespace: ConfigObject) => void;
}

/**
 * Deletes a namespace with what is in it. It is written down first that this has begun: from then on the store takes
 * nothing new in the namespace from anybody, and what is listed afterwards is all that there is. When something cannot
 * be deleted, the rest and the namespace stay, and the namespace takes new objects again. Returns the namespace as it was
 * before; undefined when it is not there. Throws StoreError.
 */
export async function removeNamespace(
  removal: NamespaceRemoval,
): Promise<ConfigObject | undefined> {
  const { store, name } = removal;
  const begun = await begin(removal);
  if (begun === undefined) return undefined;
  try {
    await empty(store, name);
  } catch (error) {
    // When this fails too, the first failure is the one to tell of: the deletion can be asked for again.
    await takeBack(store, begun).catch(() => undefined);
    throw error;
  }
  await end(store, name);
  return begun.before;
}

/** Goes on with the deletions that a pilot which ended has left. What fails is logged, and can be asked for again. */
export async function finishRemovals(
  store: ConfigStore,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const namespaces = store.list({ group: '', kind: 'Namespace' }).items;
  for (const { metadata } of namespaces.filter(isTerminating)) {
    const { name } = metadata;
    try {
      await removeNamespace({ store, name, now: clock.now() });
      log.info({ namespace: name }, 'finished the deletion of a namespace');
    } catch (error) {
      const fields = { namespace: name, error: describeError(error) };
      log.warn(fields, 'cannot finish the deletion of a namespace');
    }
  }
}

interface Begun {
  /** The namespace as it was. */
  readonly before: ConfigObject;
  /** Whether it was there only because something is in it. */
  readonly isImplied: boolean;
}

/** Undefined when there is no such namespace. */
async function begin({ store, name, now, check }: NamespaceRemoval): Promise<Begun | undefined> {
  let begun: Begun | undefined;
  await change(store, name, (namespace) => {
    check?.(namespace);
    begun = { before: namespace, isImplied: !isWrittenDown(store, name) };
    if (isTerminating(namespace)) return undefined;
    const metadata = { ...namespace.metadata, deletionTimestamp: formatTimestamp(now) };
    return store.replace({ ...namespace, metadata });
  });
  return begun;
}

/** What nobody had written down before is not written down either, unless somebody has meanwhile. */
async function takeBack(store: ConfigStore, { before, isImplied }: Begun): Promise<void> {
  const { name } = before.metadata;
  await change(store, name, (namespace) => {
    if (!isTerminating(namespace)) return undefined;
    const kept = withoutDeletion(namespace);
    return isImplied && sameContent(kept, before)
      ? store.delete(namespaceKey(name), incarnationOf(namespace))
      : store.replace(kept);
  });
}

/** Whoever made it anew meanwhile, after another deletion, keeps theirs. */
async function end(store: ConfigStore, name: string): Promise<void> {
  await change(store, name, (namespace) =>
    isTerminating(namespace)
      ? store.delete(namespaceKey(name), incarnationOf(namespace))
      : undefined,
  );
}

/** Changes the namespace as it is now, again when somebody else was first, and not when it is gone. */
async function change(
  store: ConfigStore,
  name: string,
  write: (namespace: ConfigObject) => Promise<ConfigObject> | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const namespace = store.get(namespaceKey(name));
    if (namespace === undefined) return;
    try {
      await write(namespace);
      return;
    } catch (error) {
      if (codeOf(error) === 'E_NOT_FOUND') return;
      if (codeOf(error) !== 'E_CONFLICT' || attempt === attempts) throw error;
    }
  }
}

/** Files need no API, and may still come. */
async function empty(store: ConfigStore, name: string): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    const namespace = store.get(namespaceKey(name));
    if (namespace === undefined || !isTerminating(namespace)) return;
    const { items } = store.list({ namespace: name });
    if (items.length === 0) return;
    for (const object of items.toSorted(routesFirst)) await remove(store, object);
  }
}

/** A route must not be left for a moment without the subsets and services that it names. */
function routesFirst(left: ConfigObject, right: ConfigObject): number {
  const rank = ({ kind }: ConfigObject): number => (kind === 'VirtualService' ? 0 : 1);
  return rank(left) - rank(right);
}

/** Somebody else may have been quicker, and what has been made anew under the name is not meant. */
async function remove(store: ConfigStore, object: ConfigObject): Promise<void> {
  const { uid } = object.metadata;
  try {
    await store.delete(keyOf(object), uid === undefined ? {} : { uid });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'E_NOT_FOUND' || code === 'E_CONFLICT') return;
    if (code !== 'E_FILE_BROKEN') throw error;
    const why = `${showKey(keyOf(object))}, which is in it, cannot be deleted: ${describeError(error)}`;
    throw new StoreError('E_FILE_BROKEN', why, { cause: error });
  }
}

/** What only deletes the namespace as it is. */
function incarnationOf({ metadata: { uid, resourceVersion } }: ConfigObject): DeleteOptions {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Whether it would be there also if nothing were in it. */
function isWrittenDown(store: ConfigStore, name: string): boolean {
  const { items } = store.list({ group: '', kind: 'Namespace', namespace: '' });
  return items.some(({ metadata }) => metadata.name === name);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof StoreError ? error.code : undefined;
}
