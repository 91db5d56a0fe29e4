import { readFile, stat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../kit/clock.ts';
import { createDebounce, type Debounce } from '../../kit/debounce.ts';
import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { removeFileDurably, writeFileAtomically } from './atomic-write.ts';
import { parseConfigFile, type ConfigFile } from './config-file.ts';
import { FileSet } from './file-set.ts';
import { removeObject, writeObject, type FileEdit } from './file-edit.ts';
import { FolderWatcher } from './folder-watcher.ts';
import { ObjectTable } from './object-table.ts';
import { formatTimestamp } from './stamp.ts';
import type { ConfigStore, DeleteOptions, WriteOptions } from './store.ts';
import { StoreError } from './store.ts';

export interface DirStoreOptions {
  /** The directory; it is made when it is missing. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many changes a watcher may be behind. Default 1000. */
  readonly logSize?: number;
  /** Time between looks where the system cannot watch directories (ms). Default 1000. */
  readonly pollInterval?: number;
}

/** Editors write in several steps; so long after the last event the file is read (ms). */
const quietTime = 5;
/** A file that is empty or gone is believed only when it still is so much later (ms). */
const disbelief = 30;

/**
 * A store of YAML files: people edit them, and what comes over the API is written into them. Each object
 * has one document of one file; the first file by name wins. Rejects when the directory cannot be read.
 */
export async function openDirStore(options: DirStoreOptions): Promise<ConfigStore> {
  await mkdir(options.path, { recursive: true });
  const store = new DirStore(options);
  await store.open();
  return store;
}

class DirStore implements ConfigStore {
  readonly #options: DirStoreOptions;
  readonly #table: ObjectTable;
  readonly #files = new FileSet();
  readonly #watcher: FolderWatcher;
  readonly #debounce: Debounce;
  readonly #recheck: Debounce;
  /** Paths that may have changed. */
  #dirty = new Set<string>();
  /** Files that are empty or gone, and since when (ms). */
  readonly #doubted = new Map<string, number>();
  /** What was in force at the last publication. */
  #published: ReadonlyMap<string, ConfigObject> = new Map();
  /** Everything that reads or writes files runs one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: DirStoreOptions) {
    const { clock, log, path } = options;
    this.#options = options;
    this.#table = new ObjectTable(clock, options.logSize);
    const look = (): void => {
      // A failure is logged by the queue; nobody waits for this look.
      this.#enqueue(() => this.#lookAtDirty()).catch(() => undefined);
    };
    this.#debounce = createDebounce(look, { quiet: quietTime, max: 2 * quietTime, clock });
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
        this.#dirty.add(place);
        this.#debounce.trigger();
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
    await this.#enqueue(async () => {
      await this.#readAll(await this.#watcher.scan(''));
      this.#publish();
    });
  }

  readonly list: ConfigStore['list'] = (filter) => this.#table.list(filter);

  readonly get: ConfigStore['get'] = (key) => this.#table.get(key);

  readonly watch: ConfigStore['watch'] = (from, listener) => this.#table.watch(from, listener);

  create(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    return this.#enqueue(() => this.#write(this.#table.planCreate(object, options), options));
  }

  replace(object: ConfigObject, options: WriteOptions = {}): Promise<ConfigObject> {
    return this.#enqueue(() => this.#write(this.#table.planReplace(object, options), options));
  }

  delete(key: ObjectKey, options: DeleteOptions = {}): Promise<ConfigObject> {
    return this.#enqueue(async () => {
      const removed = this.#table.planDelete(key, options);
      if (options.dryRun === true) return removed;
      // Also from files that had no say because another one has the same object: else it would come back.
      let owner = this.#files.ownerOf(key);
      for (; owner !== undefined; owner = this.#files.ownerOf(key)) {
        await this.#apply(removeObject(owner));
      }
      this.#publish();
      return removed;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#debounce.close();
    this.#recheck.close();
    this.#watcher.close();
    await this.#queue;
  }

  async #write(planned: ConfigObject, options: WriteOptions): Promise<ConfigObject> {
    const key = keyOf(planned);
    if (options.dryRun === true || planned === this.#table.get(key)) return planned;
    await this.#apply(writeObject(this.#files.ownerOf(key), planned, this.#files));
    this.#publish();
    return this.#table.get(key) ?? planned;
  }

  /** Writes one file and takes its new content over, so that the event it causes finds nothing new. */
  async #apply(edit: FileEdit): Promise<void> {
    const path = join(this.#options.path, edit.path);
    if (edit.text === undefined) {
      await removeFileDurably(path);
      this.#files.remove(edit.path);
    } else {
      const file = parseConfigFile(edit.path, edit.text, this.#files.get(edit.path));
      await writeFileAtomically(path, edit.text, modeOf(file));
      this.#files.put(file);
    }
  }

  async #lookAtDirty(): Promise<void> {
    if (this.#closed) return;
    const places = this.#dirty;
    this.#dirty = new Set();
    for (const place of places) await this.#lookAt(place);
    this.#publish();
    if (this.#doubted.size > 0) this.#recheck.trigger();
  }

  async #lookAt(place: string): Promise<void> {
    if (await this.#isFolder(place)) {
      const present = await this.#watcher.scan(place);
      const known = this.#files.below(place);
      await this.#readAll([...new Set([...present, ...known])]);
    } else if (isConfigFile(place)) {
      await this.#read(place);
    } else {
      this.#watcher.forget(place);
      await this.#readAll(this.#files.below(place));
    }
  }

  async #isFolder(place: string): Promise<boolean> {
    if (place === '') return true;
    try {
      return (await stat(join(this.#options.path, place))).isDirectory();
    } catch {
      return false;
    }
  }

  async #readAll(paths: readonly string[]): Promise<void> {
    for (const path of paths.filter(isConfigFile)) await this.#read(path);
  }

  async #read(path: string): Promise<void> {
    const text = await this.#readText(path);
    if ((text ?? '').trim() === '' && this.#files.has(path) && this.#doubts(path)) return;
    this.#doubted.delete(path);
    if (text === undefined) this.#files.remove(path);
    else if (text !== this.#files.get(path)?.text) await this.#takeNew(path, text);
  }

  /** Editors empty or remove a file before they write it: only what lasts is believed. */
  #doubts(path: string): boolean {
    const now = this.#options.clock.now();
    const since = this.#doubted.get(path) ?? now;
    this.#doubted.set(path, since);
    return now - since < disbelief;
  }

  async #takeNew(path: string, text: string): Promise<void> {
    try {
      const { mtimeMs } = await stat(join(this.#options.path, path));
      this.#take(path, text, formatTimestamp(mtimeMs));
    } catch {
      // It went between reading and asking for its time; the next event says so.
      this.#take(path, text);
    }
  }

  #take(path: string, text: string, modified?: string): void {
    this.#files.put(parseConfigFile(path, text, this.#files.get(path)), modified);
  }

  async #readText(path: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.#options.path, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const fields = { path, error: describeError(error) };
        this.#options.log.warn(fields, 'cannot read a configuration file');
        return this.#files.get(path)?.text;
      }
      return undefined;
    }
  }

  #publish(): void {
    const before = this.#published;
    const wanted = this.#files.objects();
    const gone = [...before].filter(([key]) => !wanted.has(key));
    const changed = [...wanted].filter(([key, object]) => before.get(key) !== object);
    this.#published = wanted;
    this.#table.commit([
      ...gone.map(([, object]) => ({ kind: 'remove' as const, key: keyOf(object) })),
      ...changed.map(([, object]) => ({ kind: 'put' as const, object })),
    ]);
  }

  #enqueue<T>(action: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => {
      if (this.#closed) throw new StoreError('E_CLOSED', 'the store is closed');
      return action();
    });
    this.#queue = run.catch((error: unknown) => {
      if (error instanceof StoreError) return;
      this.#options.log.error({ error: describeError(error) }, 'configuration store failed');
    });
    return run;
  }
}

function isConfigFile(path: string): boolean {
  return /\.ya?ml$/.test(path) && !path.split('/').some((part) => part.startsWith('.'));
}

/** A file with a Secret in it is for its owner only. */
function modeOf({ documents }: ConfigFile): number {
  return documents.some(({ object }) => object?.kind === 'Secret') ? 0o600 : 0o644;
}
