import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { formatKey } from '../api/kinds.ts';
import { parseConfigFile } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import type { ConfigFolder } from './config-folder.ts';
import type { FileWrite } from './durable-files.ts';
import { type FileEdit, newPathOf } from './file-edit.ts';
import type { FileSet } from './file-set.ts';
import type { OwnersFolder } from './owners-folder.ts';
import type { SerialQueue } from './serial-queue.ts';
import type { StoreError } from './store.ts';

/** What a write makes of the files as they are now in memory. */
export interface PlannedWrite {
  readonly edits: Iterable<FileEdit>;
  /** The object that is written; missing for a removal and for a write that changes nothing. */
  readonly written?: ConfigObject;
  /** What to answer when all of it is on the disk and in force. */
  readonly result: () => ConfigObject;
}

export interface DirWriterDeps {
  readonly folder: ConfigFolder;
  readonly files: FileSet;
  readonly owners: OwnersFolder;
  readonly queue: SerialQueue;
  /** The object that is in force. */
  readonly get: (key: ObjectKey) => ConfigObject | undefined;
  /** Reads files as they are on the disk now. */
  readonly reread: (paths: Iterable<string>) => Promise<void>;
  /** Puts in force what the files say, and what was written. */
  readonly publish: (written: readonly ConfigObject[]) => void;
}

interface PendingWrite {
  readonly key: ObjectKey;
  /** Throws StoreError when the write cannot be done. */
  readonly plan: () => PlannedWrite;
  readonly resolve: (object: ConfigObject) => void;
  readonly reject: (error: unknown) => void;
}

/** A write that is in the files in memory, and not on the disk. */
interface StagedWrite extends PendingWrite {
  readonly planned: PlannedWrite;
  readonly paths: readonly string[];
}

/** What goes to the disk, by path, and what puts it back into memory as it was. */
interface Changed {
  readonly write: FileWrite;
  readonly takeBack: () => void;
}

/** More would keep other pilots on the folder waiting. */
const largestGroup = 100;

/**
 * The writes of a directory store. Those that come while others are on their way to the disk wait, and go together: one
 * lock, and one sync for each folder. Nobody hears of a write, nor sees it, before it is on the disk.
 */
export class DirWriter {
  readonly #deps: DirWriterDeps;
  #waiting: PendingWrite[] = [];

  constructor(deps: DirWriterDeps) {
    this.#deps = deps;
  }

  /** Rejects as `plan` throws, and with StoreError `E_UNAVAILABLE` or `E_READ_ONLY` when the disk refuses. */
  write(key: ObjectKey, plan: () => PlannedWrite): Promise<ConfigObject> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, plan, resolve, reject });
      // Who went with an earlier group has been answered, and finds this turn empty.
      this.#deps.queue.run(() => this.#takeTurn()).catch(reject);
    });
  }

  async #takeTurn(): Promise<void> {
    const group = this.#takeGroup();
    if (group.length === 0) return;
    try {
      const answers = await this.#deps.folder.change(() => this.#commit(group));
      // Not before the lock is gone: who has been answered may look at the folder.
      for (const answer of answers) answer();
    } catch (error) {
      for (const { reject } of group) reject(error);
      throw error;
    }
  }

  /** Those who came first. The second write of an object has to see what became of the first one. */
  #takeGroup(): readonly PendingWrite[] {
    const keys = new Set<string>();
    const isNext = ({ key }: PendingWrite): boolean =>
      keys.size < largestGroup && !keys.has(formatKey(key));
    const end = this.#waiting.findIndex((write) => {
      if (!isNext(write)) return true;
      keys.add(formatKey(write.key));
      return false;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
  }

  /** Returns what answers those who wait. */
  async #commit(group: readonly PendingWrite[]): Promise<readonly (() => void)[]> {
    await this.#readBefore(group);
    const changed = new Map<string, Changed>();
    const staged = group.flatMap((write) => this.#stage(write, changed));
    const failed = await this.#deps.folder.apply([...changed.values()].map(({ write }) => write));
    const errorOf = ({ paths }: StagedWrite): StoreError | undefined =>
      paths.map((path) => failed.get(path)).find((error) => error !== undefined);
    const done = staged.filter((write) => errorOf(write) === undefined);
    if (failed.size > 0) {
      for (const path of failed.keys()) changed.get(path)?.takeBack();
      await this.#disown(
        staged.filter((write) => errorOf(write) !== undefined),
        failed,
      );
    }
    this.#deps.publish(done.flatMap(({ planned: { written } }) => written ?? []));
    return staged.map((write) => {
      const error = errorOf(write);
      const { planned, resolve, reject } = write;
      return () => {
        if (error === undefined) resolve(planned.result());
        else reject(error);
      };
    });
  }

  /**
   * What somebody has just saved in the files, an editor or another pilot, is read before, so that it is not written
   * over. It may say that an object is in another file now.
   */
  async #readBefore(group: readonly PendingWrite[]): Promise<void> {
    const { files, reread, publish } = this.#deps;
    const pathOf = ({ key }: PendingWrite): string =>
      files.ownerOf(key)?.file.path ?? newPathOf(key);
    const read = new Set<string>();
    for (;;) {
      const paths = new Set(group.map(pathOf).filter((path) => !read.has(path)));
      if (paths.size === 0) break;
      await reread(paths);
      for (const path of paths) read.add(path);
    }
    publish([]);
  }

  #stage(write: PendingWrite, changed: Map<string, Changed>): readonly StagedWrite[] {
    const { owners } = this.#deps;
    try {
      const planned = write.plan();
      const paths: string[] = [];
      for (const edit of planned.edits) {
        const takeBack = changed.get(edit.path)?.takeBack ?? this.#deps.files.remember(edit.path);
        changed.set(edit.path, { write: this.#takeOver(edit), takeBack });
        paths.push(edit.path);
      }
      if (paths.length > 0) {
        for (const owned of owners.put(write.key, planned.written?.metadata.managedFields)) {
          changed.set(owned.path, { write: owned, takeBack: () => undefined });
        }
      }
      return [{ ...write, planned, paths }];
    } catch (error) {
      write.reject(error);
      return [];
    }
  }

  /** The new content counts in memory from now on, so that the event it causes finds nothing new. */
  #takeOver({ path, text, document }: FileEdit): FileWrite {
    const { files } = this.#deps;
    if (text === undefined) {
      files.remove(path);
      return { path, isSecret: false };
    }
    const file = parseConfigFile(path, text, { previous: files.get(path), document });
    files.put(file);
    return { path, text, isSecret: hasSecret(file) };
  }

  /** Of an object that did not change, the owners did not change either. */
  async #disown(
    undone: readonly StagedWrite[],
    failed: ReadonlyMap<string, StoreError>,
  ): Promise<void> {
    const { folder, owners, get } = this.#deps;
    for (const [path, error] of failed) if (owners.has(path)) owners.complain(path, error);
    const writes = undone.flatMap(({ key }) => owners.put(key, get(key)?.metadata.managedFields));
    if (writes.length > 0) await folder.apply(writes);
  }
}

/** A file with a Secret in it is for its owner only. */
function hasSecret({ documents }: ConfigFile): boolean {
  return documents.some(({ objects }) => objects.some(({ object }) => object.kind === 'Secret'));
}
