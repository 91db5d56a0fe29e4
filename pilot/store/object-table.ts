import type { Clock } from '../../kit/clock.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { resourceOf } from '../api/decode.ts';
import { isInForce } from '../api/in-force.ts';
import { formatKey, keyOf } from '../api/kinds.ts';
import { namespaceKey } from '../api/namespace.ts';
import type { ConfigObject, ConfigResource, ObjectKey, ResourceSet } from '../api/resource.ts';
import { EventLog } from './event-log.ts';
import { byName, ImpliedNamespaces } from './implied-namespaces.ts';
import { type Ordered, SortedEntries } from './sorted-entries.ts';
import { creationTime, formatTimestamp, sameContent, stampObject } from './stamp.ts';
import type { DeleteOptions, ObjectFilter, ObjectList, StoreEvent, WriteOptions } from './store.ts';
import { StoreError } from './store.ts';
import { assertTakesNew } from './terminating.ts';

interface Entry extends Ordered {
  readonly object: ConfigObject;
  readonly resource: ConfigResource;
}

/** One change of the table: an object to put, or the key of one to remove. */
export type Change =
  | { readonly kind: 'put'; readonly object: ConfigObject }
  | { readonly kind: 'remove'; readonly key: ObjectKey }
  /** Of an engine that gives versions itself: the object as it is to be served. */
  | { readonly kind: 'put-stamped'; readonly object: ConfigObject }
  | { readonly kind: 'remove-stamped'; readonly key: ObjectKey; readonly version: number };

/**
 * The objects of a store in memory with their versions, their history and the cell that the pipeline reads.
 * Engines decide what is written where; all of them keep their objects in this table.
 */
export class ObjectTable {
  readonly resources = new WatchedCell<ResourceSet>();
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #log: EventLog;
  /** Creation times (ms) of objects that are gone: the next object of the name is a later one. */
  readonly #gone = new Map<string, number>();
  readonly #namespaces = new ImpliedNamespaces((name) =>
    this.#entries.has(formatKey(namespaceKey(name))),
  );
  readonly #sorted = new SortedEntries<Entry>();
  /** Those of the kinds that the model reads. */
  readonly #read = new SortedEntries<Entry>();
  #version: number;

  /** `version` is that of the empty table: by default the time, so that versions go on growing after a restart. */
  constructor(clock: Clock, logSize?: number, version = clock.now()) {
    this.#clock = clock;
    this.#version = version;
    this.#log = new EventLog(this.#version, logSize);
  }

  get version(): number {
    return this.#version;
  }

  /** From now on the table has a content, be it none, and `resources` a value. */
  open(version: number = this.#version): void {
    this.#version = version;
    this.#log.startAt(version);
    const creationTimestamp = formatTimestamp(this.#clock.now());
    this.#namespaces.open({ version: String(version), creationTimestamp });
    this.#publish();
  }

  get(key: ObjectKey): ConfigObject | undefined {
    return this.#stored(key) ?? this.#implied(key);
  }

  #stored(key: ObjectKey): ConfigObject | undefined {
    return this.#entries.get(formatKey(key))?.object;
  }

  #implied({ group, kind, name }: ObjectKey): ConfigObject | undefined {
    return kind === 'Namespace' && group === '' ? this.#namespaces.get(name) : undefined;
  }

  /** What is stored. A list of namespaces has those too that are only implied. */
  list(filter: ObjectFilter = {}): ObjectList {
    const { group, kind, namespace } = filter;
    const items = this.#sorted.entries
      .filter(
        ({ resource: { key } }) =>
          (group === undefined || key.group === group) &&
          (kind === undefined || key.kind === kind) &&
          (namespace === undefined || key.namespace === namespace),
      )
      .map(({ object }) => object);
    const isOfNamespaces = kind === 'Namespace' && namespace === undefined;
    const all = isOfNamespaces ? [...items, ...this.#namespaces.list()].sort(byName) : items;
    return { items: all, version: String(this.#version) };
  }

  watch(from: string, listener: (event: StoreEvent) => void): () => void {
    return this.#log.watch(from, listener);
  }

  /** The object as `create` would store it. Throws StoreError `E_EXISTS` or `E_TERMINATING`. */
  planCreate(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const key = keyOf(object);
    assertTakesNew(this.#stored(namespaceKey(key.namespace)));
    if (this.#stored(key) !== undefined) {
      throw new StoreError('E_EXISTS', `${key.kind} "${key.name}" already exists`);
    }
    return this.#stamp(object, options);
  }

  /** The object as `replace` would store it. Throws StoreError `E_NOT_FOUND` or `E_CONFLICT`. */
  planReplace(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const { resourceVersion, uid } = object.metadata;
    const previous = this.#expect(this.get(keyOf(object)), keyOf(object), {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    });
    // What is implied need not be written down to be as it is.
    const isImplied = previous === this.#implied(keyOf(object));
    return isImplied && sameContent(previous, object) ? previous : this.#stamp(object, options);
  }

  /** The stored object that `delete` would remove. Throws StoreError `E_NOT_FOUND` or `E_CONFLICT`. */
  planDelete(key: ObjectKey, expected: DeleteOptions): ConfigObject {
    return this.#expect(this.#stored(key), key, expected);
  }

  #expect(
    previous: ConfigObject | undefined,
    key: ObjectKey,
    { resourceVersion, uid }: DeleteOptions,
  ): ConfigObject {
    if (previous === undefined) {
      throw new StoreError('E_NOT_FOUND', `${key.kind} "${key.name}" not found`);
    }
    if (
      (resourceVersion !== undefined && resourceVersion !== previous.metadata.resourceVersion) ||
      (uid !== undefined && uid !== previous.metadata.uid)
    ) {
      throw new StoreError(
        'E_CONFLICT',
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    return previous;
  }

  /** Applies changes together: one new value of `resources`, one event per object that did change. */
  commit(changes: readonly Change[]): void {
    const events = changes.flatMap((change) => this.#apply(change));
    if (events.length === 0) return;
    const keys = new Set(events.map(({ object }) => formatKey(keyOf(object))));
    this.#update(this.#sorted, keys, () => true);
    // The pipeline is not woken for kinds that the model does not read.
    if (events.some(({ object }) => isInForce(resourceOf(object).kind))) {
      this.#update(this.#read, keys, ({ resource }) => isInForce(resource.kind));
      this.#publish();
    }
    const implied = this.#namespaces.follow(events, String(this.#version));
    for (const event of [...events, ...implied]) this.#log.append(event);
  }

  #publish(): void {
    this.resources.set(this.#read.entries.map(({ resource }) => resource));
  }

  #update(
    sorted: SortedEntries<Entry>,
    keys: ReadonlySet<string>,
    belongs: (entry: Entry) => boolean,
  ): void {
    const puts = new Map<string, Entry>();
    const removed = new Set<string>();
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) removed.add(orderOf(key));
      else if (belongs(entry)) puts.set(entry.order, entry);
    }
    sorted.update(puts, removed);
  }

  #apply(change: Change): readonly StoreEvent[] {
    switch (change.kind) {
      case 'put':
        return this.#put(this.#stamp(change.object));
      case 'put-stamped':
        return this.#put(change.object);
      case 'remove':
        return this.#remove(change.key, this.#nextVersion());
      case 'remove-stamped':
        return this.#remove(change.key, change.version);
    }
  }

  #put(object: ConfigObject): readonly StoreEvent[] {
    const key = formatKey(keyOf(object));
    const previous = this.get(keyOf(object));
    if (object === previous) return [];
    this.#version = Math.max(this.#version, Number(object.metadata.resourceVersion));
    this.#entries.set(key, { order: orderOf(key), object, resource: resourceOf(object) });
    return previous === undefined
      ? [{ type: 'ADDED', object }]
      : [{ type: 'MODIFIED', object, previous }];
  }

  #remove(removed: ObjectKey, version: number): readonly StoreEvent[] {
    const key = formatKey(removed);
    const previous = this.#stored(removed);
    if (previous === undefined) return [];
    this.#version = Math.max(this.#version, version);
    this.#entries.delete(key);
    this.#remember(key, previous);
    const resourceVersion = String(version);
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion } };
    return [{ type: 'DELETED', object, previous }];
  }

  #remember(key: string, { metadata }: ConfigObject): void {
    const now = this.#clock.now();
    for (const [gone, created] of this.#gone) if (created < now - 1000) this.#gone.delete(gone);
    const created = Date.parse(metadata.creationTimestamp ?? '');
    if (created >= now - 1000) this.#gone.set(key, created);
  }

  /** In a dry run nothing is written, so the object gets no version of its own. */
  #stamp(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const key = keyOf(object);
    const previous = this.#stored(key);
    const implied = previous === undefined ? this.#implied(key) : undefined;
    if (object === implied) return object;
    const current = (previous ?? implied)?.metadata.resourceVersion;
    return stampObject(implied === undefined ? object : keepIdentity(object, implied), previous, {
      version: options.dryRun === true ? current : String(this.#nextVersion()),
      created: creationTime(this.#clock.now(), this.#gone.get(formatKey(key))),
    });
  }

  #nextVersion(): number {
    return Math.max(this.#version + 1, this.#clock.now());
  }
}

/** A namespace that is written down stays the one that it was. */
function keepIdentity(object: ConfigObject, { metadata }: ConfigObject): ConfigObject {
  const { uid, creationTimestamp } = metadata;
  return {
    ...object,
    metadata: {
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
      ...object.metadata,
    },
  };
}

/** By kind, namespace and name. */
function orderOf(key: string): string {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return [kind, namespace, name, group].join('\0');
}
