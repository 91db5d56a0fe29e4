import { basename, dirname } from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { createDebounce, type Debounce } from '../../kit/debounce.ts';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { ownHandEdit } from '../ownership/hand-edit.ts';
import { parseConfigFile } from './config-file.ts';
import { ConfigFolder, disbelief, type FoundText, isNothing } from './config-folder.ts';
import { DirWriter, type PlannedWrite } from './dir-writer.ts';
import { FileSet } from './file-set.ts';
import { type FileEdit, removeObject, writeObject } from './file-edit.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { type Change, ObjectTable } from './object-table.ts';
import { OwnersFolder } from './owners-folder.ts';
import { SerialQueue } from './serial-queue.ts';
import { formatTimestamp } from './stamp.ts';
import type { ConfigStore, DeleteOptions, WriteOptions } from './store.ts';

export interface DirStoreOptions {
  /** The directory; it is made when it is missing. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many changes a watcher may be behind. Default 1000. */
  readonly logSize?: number;
  /** Time between looks where the system cannot watch: links, and directories on some file systems (ms). Default 1000. */
  readonly pollInterval?: number;
}

/** Editors write in several steps; so long after the last event the file is read (ms). */
const quietTime = 5;
/** A program that writes many files, such as git, is not waited for any longer (ms). */
const longestQuiet = 50;

/**
 * A store of YAML files: people edit them, and what comes over the API is written into them. Each object
 * has one document of one file; the first file by name wins. Rejects when the directory cannot be read.
 */
export async function openDirStore(options: DirStoreOptions): Promise<ConfigStore> {
  const store = new DirStore(options);
  await store.open();
  return store;
}

class DirStore implements ConfigStore {
  readonly #options: DirStoreOptions;
  readonly #folder: ConfigFolder;
  readonly #table: ObjectTable;
  readonly #files = new FileSet();
  readonly #owners: OwnersFolder;
  readonly #watcher: FolderWatcher;
  readonly #debounce: Debounce;
  readonly #recheck: Debounce;
  /** Everything that reads or writes files runs one after the other. */
  readonly #queue: SerialQueue;
  readonly #writer: DirWriter;
  /** Paths that may have changed. */
  #dirty = new Set<string>();
  /** Files that are empty or gone, and since when (ms). */
  readonly #doubted = new Map<string, number>();

  constructor(options: DirStoreOptions) {
    const { clock, log, path } = options;
    this.#options = options;
    this.#folder = new ConfigFolder(path);
    this.#table = new ObjectTable(clock, options.logSize);
    this.#owners = new OwnersFolder(path, log);
    this.#queue = new SerialQueue(log);
    this.#writer = new DirWriter({
      folder: this.#folder,
      files: this.#files,
      owners: this.#owners,
      queue: this.#queue,
      get: (key) => this.#table.get(key),
      reread: (paths) => this.#readNow(paths),
      publish: (written) => {
        this.#publish(written);
      },
    });
    const look = (): void => {
      // A failure is logged by the queue; nobody waits for this look.
      this.#queue.run(() => this.#lookAtDirty()).catch(() => undefined);
    };
    this.#debounce = createDebounce(look, { quiet: quietTime, max: longestQuiet, clock });
    const lookAgain = (): void => {
      this.#dirty = new Set([...this.#dirty, ...this.#doubted.keys()]);
      look();
    };
    this.#recheck = createDebounce(lookAgain, { quiet: disbelief, max: disbelief, clock });
    this.#watcher = new FolderWatcher({
      root: path,
      clock,
      pollInterval: options.pollInterval ?? 1000,
      onChange: (place) => {
        this.#onChange(place);
      },
      onFallback: (error) => {
        log.warn({ path, error: describeError(error) }, 'cannot watch the directory, polling it');
      },
    });
  }

  get resources(): ConfigStore['resources'] {
    return this.#table.resources;
  }

  get problems(): ConfigStore['problems'] {
    return this.#files.problems;
  }

  async open(): Promise<void> {
    await this.#folder.open();
    await this.#queue.run(async () => {
      const paths = await this.#watcher.scan('');
      await this.#folder.sweep(this.#options.clock.now());
      await this.#owners.open();
      this.#readAll(paths);
      this.#publish([]);
      this.#table.open();
    });
  }

  readonly list: ConfigStore['list'] = (filter) => this.#table.list(filter);

  readonly get: ConfigStore['get'] = (key) => this.#table.get(key);

  readonly watch: ConfigStore['watch'] = (from, listener) => this.#table.watch(from, listener);

  create(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    return this.#write(keyOf(object), options, () => this.#table.planCreate(object, options));
  }

  replace(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    return this.#write(keyOf(object), options, () => this.#table.planReplace(object, options));
  }

  delete(key: ObjectKey, options: DeleteOptions = {}): Promise<ConfigObject> {
    if (options.dryRun === true) {
      return this.#queue.run(() => this.#table.planDelete(key, options));
    }
    return this.#writer.write(key, () => {
      const removed = this.#table.planDelete(key, options);
      return { edits: this.#removals(key), result: () => removed };
    });
  }

  /** Also from files that had no say because another one has the same object: else it would come back. */
  *#removals(key: ObjectKey): Iterable<FileEdit> {
    let owner = this.#files.ownerOf(key);
    for (; owner !== undefined; owner = this.#files.ownerOf(key)) yield removeObject(owner);
  }

  async close(): Promise<void> {
    this.#debounce.close();
    this.#recheck.close();
    this.#watcher.close();
    await this.#queue.close();
  }

  #write(key: ObjectKey, options: WriteOptions, plan: () => ConfigObject): Promise<ConfigObject> {
    if (options.dryRun === true) return this.#queue.run(plan);
    return this.#writer.write(key, (): PlannedWrite => {
      const written = plan();
      if (written === this.#table.get(key)) return { edits: [], result: () => written };
      const edit = writeObject(this.#files.ownerOf(key), written, this.#files);
      return { edits: [edit], written, result: () => this.#table.get(key) ?? written };
    });
  }

  /** Files that are being saved by an editor are given the time for that. */
  async #readNow(paths: Iterable<string>): Promise<void> {
    for (const path of paths) {
      const isKnown = this.#files.has(path);
      this.#take(path, isKnown ? await this.#folder.readSettled(path) : this.#folder.readNew(path));
    }
  }

  #onChange(place: string): void {
    const name = basename(place);
    // Hidden files are none of ours, but for the link that a mounted ConfigMap swaps: all files beside lead there.
    if (name.startsWith('.') && !name.startsWith('..')) return;
    const above = dirname(place);
    if (name.startsWith('..')) this.#dirty.add(above === '.' ? '' : above);
    else this.#dirty.add(place);
    this.#debounce.trigger();
  }

  async #lookAtDirty(): Promise<void> {
    const places = this.#dirty;
    this.#dirty = new Set();
    for (const place of places) await this.#lookAt(place);
    this.#publish([]);
    if (this.#doubted.size > 0) this.#recheck.trigger();
  }

  async #lookAt(place: string): Promise<void> {
    if (this.#folder.isFolder(place)) {
      const present = await this.#watcher.scan(place);
      const known = this.#files.below(place);
      this.#readAll([...new Set([...present, ...known])]);
    } else if (isConfigFile(place)) {
      this.#read(place);
    } else {
      this.#watcher.forget(place);
      this.#readAll(this.#files.below(place));
    }
  }

  #readAll(paths: readonly string[]): void {
    for (const path of paths.filter(isConfigFile)) this.#read(path);
  }

  #read(path: string): void {
    const found = this.#folder.read(path);
    if (isNothing(found) && this.#files.has(path) && this.#doubts(path)) return;
    this.#take(path, found);
  }

  /** Editors empty or remove a file before they write it: only what lasts is believed. */
  #doubts(path: string): boolean {
    const now = this.#options.clock.now();
    const since = this.#doubted.get(path) ?? now;
    this.#doubted.set(path, since);
    return now - since < disbelief;
  }

  #take(path: string, found: FoundText): void {
    this.#doubted.delete(path);
    const before = this.#files.get(path);
    if (found.kind === 'missing') {
      if (before !== undefined) this.#files.remove(path);
    } else if (found.kind === 'unreadable') {
      const fields = { path, error: describeError(found.error) };
      this.#options.log.warn(fields, 'cannot read a configuration file');
    } else if (found.text !== before?.text) {
      const modified = this.#folder.modifiedAt(path);
      const isInForce = this.#files.isInForce(path);
      const file = parseConfigFile(path, found.text, { previous: before, isInForce });
      this.#files.put(file, modified);
    }
  }

  /** `written` is what came over the API; its text may be what stood in the file before. */
  #publish(written: readonly ConfigObject[]): void {
    const keys = new Set(written.map((object) => formatKey(keyOf(object))));
    const changes = this.#files.takeChanges().filter(({ key }) => !keys.has(formatKey(key)));
    this.#table.commit([
      ...changes.map(({ key, object }): Change => {
        return object === undefined
          ? { kind: 'remove', key }
          : { kind: 'put', object: this.#withOwners(key, object) };
      }),
      ...written.map((object) => this.#putWritten(object)),
    ]);
  }

  #putWritten(written: ConfigObject): Change {
    const { managedFields } = written.metadata;
    const object = this.#files.ownerOf(keyOf(written))?.object ?? written;
    if (managedFields === undefined) return { kind: 'put', object };
    return { kind: 'put', object: { ...object, metadata: { ...object.metadata, managedFields } } };
  }

  /** Of an object that was read from its file. */
  #withOwners(key: ObjectKey, object: ConfigObject): ConfigObject {
    const before = this.#table.get(key);
    if (before !== undefined) {
      return ownHandEdit(before, object, formatTimestamp(this.#options.clock.now()));
    }
    const managedFields = this.#owners.get(key);
    if (managedFields === undefined) return object;
    return { ...object, metadata: { ...object.metadata, managedFields } };
  }
}

function isConfigFile(path: string): boolean {
  return /\.ya?ml$/.test(path) && !path.split('/').some((part) => part.startsWith('.'));
}
