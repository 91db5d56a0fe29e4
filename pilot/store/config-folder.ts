import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../kit/errors.ts';
import { delay } from '../../kit/lifecycle.ts';
import { removeFileDurably, sweepLitter, writeFileAtomically } from './atomic-write.ts';
import type { ConfigFile } from './config-file.ts';
import type { FileEdit } from './file-edit.ts';
import { withFolderLock } from './folder-lock.ts';
import { formatTimestamp } from './stamp.ts';
import { StoreError } from './store.ts';

/** What the disk says of a file. */
export type FoundText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly error: unknown };

/** A file that is empty or gone is believed only when it still is so much later (ms). */
export const disbelief = 30;

/** Whether a file is gone or has nothing in it, as for a moment while an editor saves it. */
export function isNothing(found: FoundText): boolean {
  return found.kind === 'missing' || (found.kind === 'text' && found.text.trim() === '');
}

/** The folder of a directory store on the disk. Paths are relative to it, with /. */
export class ConfigFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes the folder when it is missing. */
  async open(): Promise<void> {
    await mkdir(this.#root, { recursive: true });
  }

  async isFolder(path: string): Promise<boolean> {
    if (path === '') return true;
    try {
      return (await stat(join(this.#root, path))).isDirectory();
    } catch {
      return false;
    }
  }

  async read(path: string): Promise<FoundText> {
    try {
      return { kind: 'text', text: await readFile(join(this.#root, path), 'utf8') };
    } catch (error) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
      return isMissing ? { kind: 'missing' } : { kind: 'unreadable', error };
    }
  }

  /** Reads a file that was there a moment ago: one that is being saved by an editor is given the time for that. */
  async readSettled(path: string): Promise<FoundText> {
    const found = await this.read(path);
    if (!isNothing(found)) return found;
    await delay(disbelief);
    return this.read(path);
  }

  /** When the file was last changed (RFC 3339); undefined when it has just gone. */
  async modifiedAt(path: string): Promise<string | undefined> {
    try {
      return formatTimestamp((await stat(join(this.#root, path))).mtimeMs);
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

  /** Writes or removes one file. Only within `change`. */
  async apply({ path, text }: FileEdit, file: ConfigFile | undefined): Promise<void> {
    const place = join(this.#root, path);
    if (text === undefined) return removeFileDurably(place);
    await writeFileAtomically(place, text, { isSecret: file !== undefined && hasSecret(file) });
  }

  /** Removes what killed writers have left, also where no file of theirs is left. */
  sweep(now: number): Promise<void> {
    return sweepLitter(this.#root, now);
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

/** A file with a Secret in it is for its owner only. */
function hasSecret({ documents }: ConfigFile): boolean {
  return documents.some(({ object }) => object?.kind === 'Secret');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
