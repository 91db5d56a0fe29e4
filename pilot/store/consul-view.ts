import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../../kit/problem.ts';
import { WatchedCell, type Watched } from '../../kit/watched.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { bodyOf } from '../api/resource.ts';
import { type KvDocument, readDocument } from './consul-document.ts';
import { type RecentWrite, type StoredHead, writesSince } from './consul-head.ts';
import { headPathOf } from './consul-keys.ts';
import type { KvEntry, KvPlace } from './consul-kv.ts';
import type { Change, ObjectTable } from './object-table.ts';
import { StoreError } from './store.ts';
import { uidOf } from './stamp.ts';

/** What is known of a key. */
interface Held {
  readonly createIndex: number;
  readonly modifyIndex: number;
  /** In force: what the key says, or what it said before it was wrong. */
  readonly object?: ConfigObject;
  /** Whether what is in force is not what the key says. */
  readonly isBroken: boolean;
}

/** A change with the number by which changes are ordered. */
type Dated = Change & { readonly at: number };

/**
 * What this pilot knows of the keys in Consul. It takes in its own writes, those of others one by one, and whole
 * readings that may be older than either, and tells the table what is new in the order of Consul's index.
 */
export class ConsulView {
  readonly #prefix: string;
  readonly #table: ObjectTable;
  readonly #problems = new WatchedCell<readonly Problem[]>(isDeepStrictEqual);
  readonly #held = new Map<string, Held>();
  readonly #wrong = new Map<string, readonly Problem[]>();
  /** Indexes of removals that a reading may not show yet. */
  readonly #removed = new Map<string, number>();
  #head: StoredHead | undefined;

  constructor(prefix: string, table: ObjectTable) {
    this.#prefix = prefix;
    this.#table = table;
  }

  get problems(): Watched<readonly Problem[]> {
    return this.#problems;
  }

  /** The record of the last write that is known; undefined before the first reading. */
  get head(): StoredHead | undefined {
    return this.#head;
  }

  /** What a check-and-set of the key must name; 0 for a key that is not there. */
  indexOf(path: string): number {
    return this.#held.get(path)?.modifyIndex ?? 0;
  }

  /** Throws StoreError `E_FILE_BROKEN` for a key that somebody has written with mistakes. */
  assertNotBroken(path: string): void {
    if (this.#held.get(path)?.isBroken !== true) return;
    throw new StoreError(
      'E_FILE_BROKEN',
      `the Consul key ${path} has mistakes and is not overwritten; correct or remove it first`,
    );
  }

  /**
   * Takes in a reading of everything. `index` is what is certainly in it: a key that was written before and is
   * not in it has been deleted.
   */
  takeTree(head: StoredHead, entries: readonly KvEntry[], index: number): void {
    const changes: Dated[] = [];
    const present = new Set<string>();
    const previous = this.#head;
    if (previous === undefined || head.index >= previous.index) this.#head = head;
    for (const entry of entries) {
      if (entry.path === headPathOf(this.#prefix)) continue;
      present.add(entry.path);
      changes.push(...this.#takeRead(entry, head));
    }
    for (const [path, held] of this.#held) {
      if (present.has(path) || held.modifyIndex > index) continue;
      changes.push(...this.#takeRemoval(path, removalOf(head, path, held.modifyIndex)));
    }
    for (const [path, at] of this.#removed) if (at <= index) this.#removed.delete(path);
    this.#commit(changes);
  }

  /**
   * Takes in what others have written, as their record says. `entries` is what was read of those keys after the
   * record. Returns false when the record does not go back far enough.
   */
  takeWrites(head: StoredHead, entries: ReadonlyMap<string, KvEntry | undefined>): boolean {
    const writes = this.writesBefore(head);
    if (writes === undefined) return false;
    this.#head = head;
    const last = new Map(writes.map((write) => [write.path, write]));
    this.#commit(
      [...last.values()].flatMap(({ path, verb, index }): readonly Dated[] => {
        const entry = entries.get(path);
        if (verb === 'delete') return this.#takeRemoval(path, index);
        // What was written after the record comes with the next one, in its turn.
        return entry === undefined || entry.modifyIndex > head.index
          ? []
          : this.#takeRead(entry, head);
      }),
    );
    return true;
  }

  /** What has been written since the last known write; undefined when only a reading of everything tells. */
  writesBefore(head: StoredHead): readonly Required<RecentWrite>[] | undefined {
    const known = this.#head;
    if (known?.base !== head.base) return undefined;
    return head.index <= known.index ? [] : writesSince(head, known.index);
  }

  /** Takes in a key that somebody has changed by hand. */
  takeForeign(path: string, entry: KvEntry | undefined): void {
    const { head } = this;
    if (head === undefined) return;
    this.#commit(entry === undefined ? this.#takeRemoval(path) : this.#takeRead(entry, head));
  }

  /** Takes in a write of this pilot. `document` is missing for a deletion. */
  takeOwn(head: StoredHead, path: string, document: KvDocument | undefined): void {
    this.#head = head;
    const { index } = head;
    if (document === undefined) {
      this.#commit(this.#takeRemoval(path, index));
    } else {
      const known = this.#held.get(path)?.createIndex ?? 0;
      const createIndex = known === 0 ? index : known;
      const entry = { path, createIndex, modifyIndex: index };
      this.#commit(this.#takeEntry(entry, head, () => document));
    }
  }

  /** Consul counts from another beginning: nothing is known any more of its indexes. What is in force stays. */
  forgetIndexes(head: StoredHead): void {
    this.#head = head;
    this.#removed.clear();
    for (const [path, held] of this.#held) {
      this.#held.set(path, { ...held, createIndex: 0, modifyIndex: 0 });
    }
  }

  #takeRead(entry: KvEntry, head: StoredHead): readonly Dated[] {
    return this.#takeEntry(entry, head, () => readDocument(this.#prefix, entry.path, entry.text()));
  }

  #takeEntry(entry: KvPlace, head: StoredHead, read: () => KvDocument): readonly Dated[] {
    const { path, createIndex, modifyIndex } = entry;
    const before = this.#held.get(path);
    if (this.#isOld(entry, before)) return [];
    const isAnew = before !== undefined && isOther(before, entry);
    const gone = isAnew
      ? this.#takeRemoval(path, removalOf(head, path, before.modifyIndex) ?? modifyIndex)
      : [];
    const known = isAnew ? undefined : before?.object;
    const document = read();
    const object = versioned(document, known, head.base + modifyIndex);
    this.#held.set(path, {
      createIndex,
      modifyIndex,
      isBroken: document.object === undefined,
      ...(object === undefined ? {} : { object }),
    });
    this.#note(path, document);
    if (object === undefined || object === known) return gone;
    return [...gone, { kind: 'put-stamped', object, at: modifyIndex }];
  }

  #isOld({ path, modifyIndex }: KvPlace, before: Held | undefined): boolean {
    const removed = this.#removed.get(path) ?? 0;
    return removed > modifyIndex || (before !== undefined && before.modifyIndex >= modifyIndex);
  }

  #note(path: string, { problems }: KvDocument): void {
    if (problems.length > 0) this.#wrong.set(path, problems);
    else this.#wrong.delete(path);
  }

  /** `index` is missing when it is not known when the key went: then it counts as the newest change. */
  #takeRemoval(path: string, index?: number): readonly Dated[] {
    const held = this.#held.get(path);
    const base = this.#head?.base ?? 0;
    const at = index ?? Math.max(this.#table.version - base, held?.modifyIndex ?? 0);
    if (held === undefined || held.modifyIndex > at) return [];
    this.#held.delete(path);
    this.#wrong.delete(path);
    this.#removed.set(path, at);
    if (held.object === undefined) return [];
    return [{ kind: 'remove-stamped', key: keyOf(held.object), version: base + at, at }];
  }

  #commit(changes: readonly Dated[]): void {
    this.#table.commit([...changes].sort((left, right) => left.at - right.at));
    const sorted = [...this.#wrong].sort(([left], [right]) => (left < right ? -1 : 1));
    this.#problems.set(sorted.flatMap(([, problems]) => problems));
  }
}

/** Whether a key has been deleted and made anew. 0 is what was known before Consul lost its data. */
function isOther(before: Held, { createIndex }: KvPlace): boolean {
  return before.createIndex !== 0 && before.createIndex !== createIndex;
}

/** The index of the deletion of a key after `known`, if the record still has it. */
function removalOf(head: StoredHead, path: string, known: number): number | undefined {
  return writesSince({ ...head, count: head.recent.length }, known)?.findLast(
    (write) => write.verb === 'delete' && write.path === path,
  )?.index;
}

/** The object as it is served; what is in force stays when the document is wrong. */
function versioned(
  { object }: KvDocument,
  known: ConfigObject | undefined,
  version: number,
): ConfigObject | undefined {
  if (object === undefined) return known;
  const { uid, creationTimestamp, generation } = object.metadata;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      uid: uid ?? known?.metadata.uid ?? uidOf(keyOf(object), creationTimestamp),
      generation: Math.max(generation ?? 1, generationAfter(known, object)),
      resourceVersion: String(version),
    },
  };
}

/** Who changes a document by hand does not count generations. */
function generationAfter(known: ConfigObject | undefined, object: ConfigObject): number {
  const { generation = 0 } = known?.metadata ?? {};
  if (known === undefined) return generation;
  return isDeepStrictEqual(bodyOf(known), bodyOf(object)) ? generation : generation + 1;
}
