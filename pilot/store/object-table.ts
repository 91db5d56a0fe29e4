import type { Clock } from '../../kit/clock.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { resourceOf } from '../api/decode.ts';
import { isInForce } from '../api/in-force.ts';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject, ConfigResource, ObjectKey, ResourceSet } from '../api/resource.ts';
import { EventLog } from './event-log.ts';
import { formatTimestamp, stampObject } from './stamp.ts';
import type { DeleteOptions, ObjectFilter, ObjectList, StoreEvent, WriteOptions } from './store.ts';
import { StoreError } from './store.ts';

interface Entry {
  readonly order: string;
  readonly object: ConfigObject;
  readonly resource: ConfigResource;
}

/** One change of the table: an object to put, or the key of one to remove. */
export type Change =
  | { readonly kind: 'put'; readonly object: ConfigObject }
  | { readonly kind: 'remove'; readonly key: ObjectKey };

/**
 * The objects of a store in memory with their versions, their history and the cell that the pipeline reads.
 * Engines decide what is written where; all of them keep their objects in this table.
 */
export class ObjectTable {
  readonly resources = new WatchedCell<ResourceSet>();
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  readonly #log: EventLog;
  #sorted: readonly Entry[] = [];
  #version: number;

  constructor(clock: Clock, logSize?: number) {
    this.#clock = clock;
    // Versions follow the clock so that they go on growing when the process starts again.
    this.#version = clock.now();
    this.#log = new EventLog(this.#version, logSize);
    this.resources.set([]);
  }

  get(key: ObjectKey): ConfigObject | undefined {
    return this.#entries.get(formatKey(key))?.object;
  }

  list(filter: ObjectFilter = {}): ObjectList {
    const { group, kind, namespace } = filter;
    const items = this.#sorted
      .filter(
        ({ resource: { key } }) =>
          (group === undefined || key.group === group) &&
          (kind === undefined || key.kind === kind) &&
          (namespace === undefined || key.namespace === namespace),
      )
      .map(({ object }) => object);
    return { items, version: String(this.#version) };
  }

  watch(from: string, listener: (event: StoreEvent) => void): () => void {
    return this.#log.watch(from, listener);
  }

  /** The object as `create` would store it. Throws StoreError `E_EXISTS`. */
  planCreate(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const key = keyOf(object);
    if (this.get(key) !== undefined) {
      throw new StoreError('E_EXISTS', `${key.kind} "${key.name}" already exists`);
    }
    return this.#stamp(object, options);
  }

  /** The object as `replace` would store it. Throws StoreError `E_NOT_FOUND` or `E_CONFLICT`. */
  planReplace(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const { resourceVersion, uid } = object.metadata;
    this.planDelete(keyOf(object), {
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(uid === undefined ? {} : { uid }),
    });
    return this.#stamp(object, options);
  }

  /** The object that `delete` would remove. Throws StoreError `E_NOT_FOUND` or `E_CONFLICT`. */
  planDelete(key: ObjectKey, expected: DeleteOptions): ConfigObject {
    const previous = this.get(key);
    if (previous === undefined) {
      throw new StoreError('E_NOT_FOUND', `${key.kind} "${key.name}" not found`);
    }
    const { resourceVersion, uid } = expected;
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
    const events = changes.flatMap((change) =>
      change.kind === 'put' ? this.#put(change.object) : this.#remove(change.key),
    );
    if (events.length === 0) return;
    this.#sorted = [...this.#entries.values()].sort((left, right) =>
      left.order < right.order ? -1 : 1,
    );
    if (events.some(({ object }) => isRead(resourceOf(object)))) {
      this.resources.set(this.#sorted.map(({ resource }) => resource).filter(isRead));
    }
    for (const event of events) this.#log.append(event);
  }

  #put(object: ConfigObject): readonly StoreEvent[] {
    const key = keyOf(object);
    const previous = this.get(key);
    const stamped = this.#stamp(object);
    if (stamped === previous) return [];
    this.#version = this.#nextVersion();
    const order = [key.kind, key.namespace, key.name, key.group].join('\0');
    this.#entries.set(formatKey(key), { order, object: stamped, resource: resourceOf(stamped) });
    return previous === undefined
      ? [{ type: 'ADDED', object: stamped }]
      : [{ type: 'MODIFIED', object: stamped, previous }];
  }

  #remove(key: ObjectKey): readonly StoreEvent[] {
    const previous = this.get(key);
    if (previous === undefined) return [];
    this.#version = this.#nextVersion();
    this.#entries.delete(formatKey(key));
    const resourceVersion = String(this.#version);
    const object = { ...previous, metadata: { ...previous.metadata, resourceVersion } };
    return [{ type: 'DELETED', object, previous }];
  }

  /** In a dry run nothing is written, so the object gets no version of its own. */
  #stamp(object: ConfigObject, options: WriteOptions = {}): ConfigObject {
    const previous = this.get(keyOf(object));
    const current = previous?.metadata.resourceVersion;
    return stampObject(object, previous, {
      version: options.dryRun === true ? current : String(this.#nextVersion()),
      created: formatTimestamp(this.#clock.now()),
    });
  }

  #nextVersion(): number {
    return Math.max(this.#version + 1, this.#clock.now());
  }
}

/** The pipeline is not woken for kinds that the model does not read. */
function isRead({ kind }: ConfigResource): boolean {
  return isInForce(kind);
}
