import type { Clock } from '../../kit/clock.ts';
import { type ReplyInfo, followBlockingQuery } from '../../kit/blocking-query.ts';
import { type ConsulClient, ConsulHttpError } from '../../kit/consul-client.ts';
import { forEachConcurrently } from '../../kit/concurrent.ts';
import { describeError } from '../../kit/errors.ts';
import { type Closer, delay } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { Checkup } from './consul-checkup.ts';
import { formatDocument } from './consul-document.ts';
import { type Head, type StoredHead, firstHead, isOlder, isRecorded } from './consul-head.ts';
import { headPathOf, keyPathOf } from './consul-keys.ts';
import { ConsulKv, type KvEntry, explain, valueLimit } from './consul-kv.ts';
import { type Planned, assertFits, tryPlan } from './consul-plan.ts';
import { ConsulSender } from './consul-sender.ts';
import { ConsulView } from './consul-view.ts';
import { ObjectTable } from './object-table.ts';
import { SerialQueue } from './serial-queue.ts';
import type { ConfigStore, DeleteOptions, WriteOptions } from './store.ts';
import { StoreError } from './store.ts';

export interface ConsulStoreOptions {
  readonly client: ConsulClient;
  /** Keys are below it, such as composemesh/config. */
  readonly prefix: string;
  readonly datacenter?: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many changes a watcher may be behind. Default 1000. */
  readonly logSize?: number;
}

/** So often a write is tried again when others were first. */
const attempts = 20;
/** Our own writes end the query for changes too. So long (ms) the next one waits, for all that are made meanwhile. */
const pauseAfterOwn = 20;

/**
 * A store in Consul's KV, for several pilots. Reading is from memory, and goes on while Consul is away; writing
 * is a check-and-set. Waits for Consul's first answer, for ever unless `signal` ends that.
 */
export async function openConsulStore(
  options: ConsulStoreOptions,
  signal?: AbortSignal,
): Promise<ConfigStore> {
  const store = new ConsulStore(options);
  const abandon = (): void => void store.close();
  signal?.addEventListener('abort', abandon, { once: true });
  try {
    if (signal?.aborted === true) await store.close();
    await store.loaded;
    return store;
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

class ConsulStore implements ConfigStore {
  /** Resolves with the first reading; rejects when the store is closed before. */
  readonly loaded: Promise<void>;
  readonly #options: ConsulStoreOptions;
  readonly #kv: ConsulKv;
  readonly #table: ObjectTable;
  readonly #view: ConsulView;
  readonly #sender: ConsulSender;
  /** Everything that changes what is known runs one after the other. */
  readonly #queue: SerialQueue;
  readonly #followed: Closer;
  readonly #checkup: Checkup;
  readonly #closing = new AbortController();
  #onLoaded: () => void = () => undefined;
  #onClosed: (error: StoreError) => void = () => undefined;
  /** Whether Consul has failed to answer since the last query for changes. */
  #isInterrupted: boolean | undefined;

  constructor(options: ConsulStoreOptions) {
    this.#options = options;
    this.#kv = new ConsulKv(options);
    // Consul gives the versions.
    this.#table = new ObjectTable(options.clock, options.logSize, 0);
    this.#view = new ConsulView(options.prefix, this.#table);
    this.#sender = new ConsulSender({
      kv: this.#kv,
      view: this.#view,
      prefix: options.prefix,
      takeHead: (head) => this.#takeHead(head),
    });
    this.#queue = new SerialQueue(options.log);
    this.loaded = new Promise((resolve, reject) => {
      this.#onLoaded = resolve;
      this.#onClosed = reject;
    });
    // Who does not wait for it is not told.
    this.loaded.catch(() => undefined);
    this.#checkup = new Checkup(() => this.#checkUp(), options.clock);
    this.#followed = followBlockingQuery({
      client: options.client,
      path: this.#kv.changePath,
      onReply: (_, info) => this.#onChange(info),
      onFailure: this.#onFailure,
    });
  }

  get resources(): ConfigStore['resources'] {
    return this.#table.resources;
  }

  get problems(): ConfigStore['problems'] {
    return this.#view.problems;
  }

  readonly list: ConfigStore['list'] = (filter) => this.#table.list(filter);

  readonly get: ConfigStore['get'] = (key) => this.#table.get(key);

  readonly watch: ConfigStore['watch'] = (from, listener) => this.#table.watch(from, listener);

  create(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    const plan = (): ConfigObject => this.#table.planCreate(object, options);
    return this.#put(keyOf(object), plan, options);
  }

  replace(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    const plan = (): ConfigObject => this.#table.planReplace(object, options);
    return this.#put(keyOf(object), plan, options);
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<ConfigObject> {
    const path = keyPathOf(this.#options.prefix, key);
    return this.#write(path, () => {
      const result = this.#table.planDelete(key, options);
      if (options.dryRun === true) return { result: () => result };
      const write = { verb: 'delete', path, index: this.#view.indexOf(path) } as const;
      return { result: () => result, write };
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#onClosed(new StoreError('E_CLOSED', 'the store is closed'));
    await this.#followed.close();
    await this.#checkup.close();
    await this.#queue.close();
  }

  #put(key: ObjectKey, plan: () => ConfigObject, { dryRun }: WriteOptions): Promise<ConfigObject> {
    const path = keyPathOf(this.#options.prefix, key);
    return this.#write(path, () => {
      const planned = plan();
      if (dryRun === true || planned === this.#table.get(key)) return { result: () => planned };
      const text = formatDocument(planned, valueLimit);
      assertFits(key, text);
      return {
        result: () => this.#table.get(key) ?? planned,
        write: { verb: 'set', path, text, index: this.#view.indexOf(path) },
      };
    });
  }

  /**
   * Plans a write from what is known, and again from what is new as long as somebody else is first. A plan that
   * fails is worked out once more too: what is known may be a moment old.
   */
  #write(path: string, plan: () => Planned): Promise<ConfigObject> {
    return this.#queue.run(async () => {
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        const planned = attempt === 1 ? tryPlan(plan) : plan();
        if (planned !== undefined) {
          if (planned.write === undefined) return planned.result();
          this.#view.assertNotBroken(path);
          if (await this.#sender.send(planned.write)) return planned.result();
          if (await this.#sender.sendBehind(planned.write)) return planned.result();
        }
        await this.#catchUp(path);
      }
      throw new StoreError(
        'E_UNAVAILABLE',
        'other pilots write to Consul all the time, and this write was never first; try again',
      );
    });
  }

  /** Takes in what others have written, and the key itself if somebody has changed that by hand. */
  async #catchUp(path: string): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      const head = await this.#readHead();
      if (head === undefined) return;
      const entry = await this.#kv.read(path);
      if ((entry?.modifyIndex ?? 0) === this.#view.indexOf(path)) return;
      const after = await this.#kv.readHead();
      if (after?.index === head.index) {
        this.#view.takeForeign(path, entry);
        return;
      }
      // A pilot has written it meanwhile: that is for the next turn, in its order.
    }
  }

  /** Takes in the record of writes, and what it tells of; undefined when that is another one than before, or none. */
  async #readHead(): Promise<StoredHead | undefined> {
    const head = await this.#kv.readHead();
    if (head === undefined) await this.#onHeadless();
    else if (isOlder(head, this.#view.head)) await this.#onSetBack(head);
    else {
      await this.#takeHead(head);
      return head;
    }
    return undefined;
  }

  async #takeHead(head: StoredHead): Promise<void> {
    const writes = this.#view.writesBefore(head);
    if (writes === undefined) return this.#readAll();
    const entries = new Map<string, KvEntry | undefined>();
    await forEachConcurrently([...new Set(writes.map((write) => write.path))], 8, async (path) => {
      entries.set(path, await this.#kv.read(path));
    });
    this.#view.takeWrites(head, entries);
  }

  async #readAll(): Promise<void> {
    const known = this.#view.head?.index ?? 0;
    const { entries, index } = await this.#kv.readTree();
    await this.#takeTree(entries, { index: Math.max(index, known), isFresh: true });
  }

  async #takeTree(entries: readonly KvEntry[], { index, isFresh }: Reading): Promise<void> {
    const path = headPathOf(this.#options.prefix);
    const head = this.#kv.headOf(entries.find((entry) => entry.path === path));
    const known = this.#view.head;
    if (head === undefined) return this.#onHeadless();
    if (known === undefined) {
      this.#view.takeTree(head, entries, index);
      this.#table.open(Math.max(this.#table.version, head.base + head.index));
      this.#onLoaded();
    } else if (isFresh && isOlder(head, known)) {
      await this.#onSetBack(head);
    } else if (head.base > known.base) {
      await this.#takeOver(head, entries, index);
    } else if (head.base === known.base) {
      this.#view.takeTree(head, entries, index);
    }
  }

  /** Something below the prefix has changed, or nothing for a minute. */
  async #onChange({ index = 0, reset }: ReplyInfo): Promise<void> {
    const isNews = await this.#queue.run(async () => {
      const { head } = this.#view;
      if (head === undefined || this.#isInterrupted === true) {
        await this.#start();
        return true;
      }
      const isKnown = !reset && isRecorded(head, index);
      if (isKnown) this.#checkup.ask('later');
      else await this.#takeNews(index);
      return !isKnown;
    });
    if (!isNews) await delay(pauseAfterOwn, this.#closing.signal);
  }

  async #start(): Promise<void> {
    await this.#readAll();
    if (this.#isInterrupted === true) this.#options.log.info({}, 'Consul answers again');
    this.#isInterrupted = false;
  }

  /**
   * What another pilot has written stands in the record. What somebody writes by hand does not, and may be hidden by
   * a later write of a pilot.
   */
  async #takeNews(index: number): Promise<void> {
    const head = await this.#readHead();
    if (head !== undefined) this.#checkup.ask(isRecorded(head, index) ? 'later' : 'now');
  }

  /** Reads everything, and lets others write meanwhile. */
  async #checkUp(): Promise<void> {
    const known = this.#view.head;
    try {
      const { entries, index } = await this.#kv.readTree(this.#closing.signal);
      await this.#queue.run(async () => {
        const { head } = this.#view;
        // Consul has begun anew meanwhile: its indexes say nothing about these, and all has been read since.
        if (known?.base !== head?.base) return;
        const isFresh = known === head;
        await this.#takeTree(entries, { index: Math.max(index, known?.index ?? 0), isFresh });
      });
    } catch {
      // If Consul is away, the query for changes says so, and ends with a reading of everything.
      this.#checkup.ask('later');
    }
  }

  readonly #onFailure = (error: unknown): void => {
    if (error instanceof ConsulHttpError && error.status === 404) {
      // Nothing is below the prefix.
      this.#queue.run(() => this.#onHeadless()).catch(this.#warn);
      return;
    }
    this.#warn(error);
  };

  readonly #warn = (error: unknown): void => {
    if (this.#isInterrupted !== true && !this.#closing.signal.aborted) {
      const { message } = explain(error);
      const state =
        this.#view.head === undefined ? 'waiting for the config store' : 'the config store is away';
      this.#options.log.warn({ error: describeError(error) }, `${state}: ${message}`);
    }
    this.#isInterrupted = true;
  };

  /**
   * There is no record of writes: the store is new, or somebody has deleted everything, or Consul has lost its
   * data. Only the last one breaks the connection, and then what is in force is written back.
   */
  async #onHeadless(): Promise<void> {
    const known = this.#view.head;
    if (known === undefined) {
      const head = await this.#createHead(firstHead(this.#newBase(), 'empty'));
      if (head === undefined) return;
      return this.#readAll();
    }
    const isLost = this.#isInterrupted === true;
    const head = isLost
      ? firstHead(this.#newBase(), 'empty')
      : { ...firstHead(known.base, known.origin), count: known.count + 1 };
    const stored = await this.#createHead(head);
    if (stored === undefined) return;
    const { entries, index } = await this.#kv.readTree();
    if (isLost) await this.#takeOver(stored, entries, index);
    else this.#view.takeTree(stored, entries, Math.max(index, known.index));
  }

  /** Undefined when somebody else was first. */
  async #createHead(value: Head): Promise<StoredHead | undefined> {
    const index = await this.#kv.write({ value, index: 0 });
    return index === undefined ? undefined : { ...value, index };
  }

  /** Consul counts from another beginning. What it has lost is written back, unless it was set back on purpose. */
  async #takeOver(head: StoredHead, entries: readonly KvEntry[], index: number): Promise<void> {
    const { prefix, log } = this.#options;
    const before = this.#table.list().items;
    this.#view.forgetIndexes(head);
    const present = new Set(entries.map((entry) => entry.path));
    const lost = before.filter((object) => !present.has(keyPathOf(prefix, keyOf(object))));
    // Until they are written back, the lost ones stay as they are: index 0 would count as deleted.
    if (head.origin === 'set back') {
      this.#view.takeTree(head, entries, index);
      return;
    }
    this.#view.takeTree(head, entries, -1);
    log.warn({ objects: lost.length }, 'Consul has lost its data: writing the configuration back');
    for (const object of lost) await this.#writeBack(object);
  }

  async #writeBack(object: ConfigObject): Promise<void> {
    const path = keyPathOf(this.#options.prefix, keyOf(object));
    const text = formatDocument(object, valueLimit);
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      if (this.#view.indexOf(path) !== 0) return;
      if (await this.#sender.send({ verb: 'set', path, text, index: 0 })) return;
      const head = await this.#kv.readHead();
      if (head === undefined) return;
      await this.#takeHead(head);
    }
  }

  /**
   * Consul was set back to an older state (`consul snapshot restore`): that is what is in force now. Consul does not
   * tell those who wait for changes; it is noticed with the next write, or when the waiting ends after a minute.
   */
  async #onSetBack(old: StoredHead): Promise<void> {
    const value = firstHead(this.#newBase(), 'set back');
    const index = await this.#kv.write({ value, index: old.index });
    // Without an index another pilot was first.
    if (index === undefined) return this.#readAll();
    const reading = await this.#kv.readTree();
    await this.#takeOver({ ...value, index }, reading.entries, Math.max(index, reading.index));
  }

  /** Versions go on growing: past all that was given out, and like the clock, as those of the other stores. */
  #newBase(): number {
    return Math.max(this.#table.version, this.#options.clock.now());
  }
}

/** What is known of a reading of everything. */
interface Reading {
  /** What is certainly in it. */
  readonly index: number;
  /** Whether it was begun after the last write that is known. */
  readonly isFresh: boolean;
}
