import { existsSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError } from '../../kit/errors.ts';
import { delay } from '../../kit/lifecycle.ts';
import { type FileWrite, sweepLitter, writeFilesDurably } from './durable-files.ts';
import { withFolderLock } from './folder-lock.ts';
import { formatTimestamp } from './stamp.ts';
import { StoreError } from './store.ts';

/** What the disk says of a file. */
export type FoundText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly error: unknown };

/**
 * A file that is empty or gone is believed only when it still is so much later (ms). Git removes a file before it writes
 * the new one, and on a machine with much to do it may have to wait for its turn between the two.
 */
export const disbelief = 200;

/** Whether a file is gone or has nothing in it, as for a moment while an editor saves it. */
export function isNothing(found: FoundText): boolean {
  return found.kind === 'missing' || (found.kind === 'text' && found.text.trim() === '');
}

/**
 * The folder of a directory store on the disk. Paths are relative to it, with /. Files are small and mostly in the cache,
 * so they are read without the thread pool: a way through it takes longer than the reading.
 */
export class ConfigFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder when it is missing. */
  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
  }

  isFolder(path: string): boolean {
    if (path === '') return true;
    try {
      return statSync(join(this.#root, path)).isDirectory();
    } catch {
      return false;
    }
  }

  read(path: string): FoundText {
    try {
      return { kind: 'text', text: readFileSync(join(this.#root, path), 'utf8') };
    } catch (error) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
      return isMissing ? { kind: 'missing' } : { kind: 'unreadable', error };
    }
  }

  /** Reads a file that is most likely not there: to ask costs less than an error. */
  readNew(path: string): FoundText {
    return existsSync(join(this.#root, path)) ? this.read(path) : { kind: 'missing' };
  }

  /** Reads a file that was there a moment ago: one that is being saved by an editor is given the time for that. */
  async readSettled(path: string): Promise<FoundText> {
    const found = this.read(path);
    if (!isNothing(found)) return found;
    await delay(disbelief);
    return this.read(path);
  }

  /** When the file was last changed (RFC 3339); undefined when it has just gone. */
  modifiedAt(path: string): string | undefined {
    try {
      return formatTimestamp(statSync(join(this.#root, path)).mtimeMs);
    } catch {
      return undefined;
    }
  }

  /**
   * Runs `action` while no other pilot writes here. Throws StoreError `E_READ_ONLY` when the folder cannot be
   * written, `E_UNAVAILABLE` when the disk refuses for another reason.
   */
  async change<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await withFolderLock(this.#root, action);
    } catch (error) {
      throw error instanceof StoreError ? error : this.#explain(error);
    }
  }

  /**
   * Writes and removes files; when it returns that is on the disk. Only within `change`. Returns the paths for which
   * it could not be done.
   */
  async apply(writes: readonly FileWrite[]): Promise<ReadonlyMap<string, StoreError>> {
    const placed = writes.map((write) => ({ ...write, path: join(this.#root, write.path) }));
    const failed = await writeFilesDurably(placed);
    for (const { path, text } of writes) {
      if (text === undefined && !failed.has(join(this.#root, path))) this.#removeEmpty(path);
    }
    return new Map(
      writes.flatMap(({ path }) => {
        const place = join(this.#root, path);
        return failed.has(place) ? [[path, this.#explain(failed.get(place))]] : [];
      }),
    );
  }

  /** Removes what killed writers have left, also where no file of theirs is left. */
  sweep(now: number): Promise<void> {
    return sweepLitter(this.#root, now);
  }

  /** A folder goes with its last file, as git has it; one that comes back after the loss of power does no harm. */
  #removeEmpty(path: string): void {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      try {
        rmdirSync(join(this.#root, folder));
      } catch {
        // Something is in it, or it is a link or the place of a mount.
        return;
      }
    }
  }

  #explain(error: unknown): StoreError {
    const isReadOnly = ['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error));
    const what = describeError(error).replaceAll(`${this.#root}/`, '');
    return isReadOnly
      ? new StoreError(
          'E_READ_ONLY',
          `the config store ${this.#root} cannot be written (${what}): change the files where they come from, or give pilot the right to write there`,
          { cause: error },
        )
      : new StoreError(
          'E_UNAVAILABLE',
          `the config store ${this.#root} could not be written: ${what}`,
          { cause: error },
        );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
