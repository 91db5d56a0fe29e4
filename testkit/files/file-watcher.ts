import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Closer } from '../../kit/lifecycle.ts';
import { delay } from '../../kit/lifecycle.ts';

/** How long a file must be left alone before it is read: editors write in several steps (ms). */
const quiet = 60;

/**
 * Waits for changes of files. It watches their folders, because many editors put a new file in the place of the
 * old one, which a watch on the file would lose.
 */
export class FileWatcher implements Closer {
  readonly #folders = new Map<string, FSWatcher>();
  #files = new Set<string>();
  #changed: string | undefined;
  #notify: (() => void) | undefined;

  /** The files to watch from now on, as absolute paths. */
  watch(files: readonly string[]): void {
    this.#files = new Set(files);
    const folders = new Set(files.map((file) => dirname(file)));
    for (const [folder, watcher] of this.#folders) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) {
      if (!this.#folders.has(folder)) this.#folders.set(folder, this.#open(folder));
    }
  }

  /** Whether there is nothing to watch. */
  get isIdle(): boolean {
    return this.#folders.size === 0;
  }

  /** A file that has changed since the last call, as soon as there is one; undefined when `signal` aborts. */
  async next(signal: AbortSignal): Promise<string | undefined> {
    if (this.#changed === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
        signal.addEventListener('abort', () => {
          resolve();
        });
      });
    }
    if (signal.aborted) return undefined;
    await delay(quiet, signal);
    const changed = this.#changed;
    this.#changed = undefined;
    return changed;
  }

  close(): void {
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #open(folder: string): FSWatcher {
    const watcher = watch(folder, (_event, name) => {
      const path = join(folder, name ?? '');
      if (name !== null && name !== basename(folder) && !this.#files.has(path)) return;
      this.#changed = path;
      this.#notify?.();
    });
    watcher.on('error', () => undefined);
    return watcher;
  }
}
