import { watch, type Dirent, type FSWatcher } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../kit/clock.ts';

export interface FolderWatcherOptions {
  readonly root: string;
  readonly clock: Clock;
  /** Called with the path of a file or folder that may have changed or gone, relative to the root. */
  readonly onChange: (path: string) => void;
  /** Called once when the system cannot watch a folder; `onChange('')` is then called from time to time. */
  readonly onFallback: (error: unknown) => void;
  /** Time between looks when the system cannot watch (ms). */
  readonly pollInterval: number;
}

/**
 * Watches a folder and everything below it, one system watch for each folder: Node's recursive watch misses
 * files in folders that were made a moment ago. Reports places, not what happened there: who listens looks.
 */
export class FolderWatcher {
  readonly #options: FolderWatcherOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Links to files: the system watches the folder that a link is in, not what it leads to. */
  readonly #links = new Set<string>();
  #cancelPoll: (() => void) | undefined;
  #cancelLinkPoll: (() => void) | undefined;
  #closed = false;

  constructor(options: FolderWatcherOptions) {
    this.#options = options;
  }

  /** Watches `folder` and the folders below; returns the files in them. Paths are relative to the root. */
  async scan(folder: string): Promise<readonly string[]> {
    const found = await this.#scan(folder, []);
    if (this.#links.size > 0) this.#pollLinks();
    return found;
  }

  /** `above` are the real places of the folders that led here: a link to one of them goes in circles. */
  async #scan(folder: string, above: readonly string[]): Promise<readonly string[]> {
    const place = await this.#realPlace(folder);
    if (above.includes(place)) return [];
    // Watch first, list second: a file made between the two is reported at least once.
    this.#watchFolder(folder);
    const found: string[] = [];
    for (const entry of await this.#list(folder)) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      const isFolder = await this.#isFolder(entry, path);
      if (isFolder) found.push(...(await this.#scan(path, [...above, place])));
      else found.push(path);
      if (!isFolder && entry.isSymbolicLink()) this.#links.add(path);
    }
    return found;
  }

  /** Stops watching a folder that has gone. */
  forget(folder: string): void {
    const isBelow = (path: string): boolean =>
      folder === '' || path === folder || path.startsWith(`${folder}/`);
    for (const [path, watcher] of this.#watchers) {
      if (!isBelow(path)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
    for (const path of [...this.#links].filter(isBelow)) this.#links.delete(path);
  }

  close(): void {
    this.#closed = true;
    this.#cancelPoll?.();
    this.#cancelLinkPoll?.();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #list(folder: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(join(this.#options.root, folder), { withFileTypes: true });
    } catch {
      return [];
    }
  }

  async #realPlace(folder: string): Promise<string> {
    const path = join(this.#options.root, folder);
    return realpath(path).catch(() => path);
  }

  async #isFolder(entry: Dirent, path: string): Promise<boolean> {
    if (!entry.isSymbolicLink()) return entry.isDirectory();
    try {
      return (await stat(join(this.#options.root, path))).isDirectory();
    } catch {
      return false;
    }
  }

  #pollLinks(): void {
    if (this.#cancelLinkPoll !== undefined || this.#closed) return;
    const { clock, onChange, pollInterval } = this.#options;
    this.#cancelLinkPoll = clock.after(pollInterval, () => {
      this.#cancelLinkPoll = undefined;
      for (const path of this.#links) onChange(path);
      if (this.#links.size > 0) this.#pollLinks();
    });
  }

  #watchFolder(folder: string): void {
    if (this.#closed || this.#watchers.has(folder)) return;
    try {
      this.#watchers.set(folder, this.#startWatcher(folder));
    } catch (error) {
      // A folder that has just gone: the folder above reports that. Above the root there is none.
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT' && folder !== '';
      if (!isGone) this.#fallBack(error);
    }
  }

  #startWatcher(folder: string): FSWatcher {
    const path = join(this.#options.root, folder);
    const watcher = watch(path, (_event, name) => {
      if (name === null || name === basename(path)) {
        // Its own name: the folder itself has gone, and another one may be in its place already.
        this.forget(folder);
        this.#options.onChange(folder);
      } else {
        this.#options.onChange(folder === '' ? name : `${folder}/${name}`);
      }
    });
    watcher.on('error', (error) => {
      this.#fallBack(error);
    });
    return watcher;
  }

  #fallBack(error: unknown): void {
    if (this.#cancelPoll !== undefined || this.#closed) return;
    const { clock, onChange, onFallback, pollInterval } = this.#options;
    onFallback(error);
    const look = (): void => {
      onChange('');
      this.#cancelPoll = clock.after(pollInterval, look);
    };
    this.#cancelPoll = clock.after(pollInterval, look);
  }
}
