import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Ending of files that are being written; readers of the directory pass over them. */
const temporarySuffix = '.tmp';
const temporaryName = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** A temporary file this old (ms) is not being written any more: its writer was killed. */
const litterAge = 60_000;

/** The new content of one file. */
export interface FileWrite {
  readonly path: string;
  /** Missing when the file is to go. */
  readonly text?: string;
  /** For its owner only, whatever rights it had. Other files keep those that they have. */
  readonly isSecret: boolean;
}

/**
 * Writes and removes files together. Of each, whoever reads it, even after a crash, sees the old or the new content and
 * nothing between: temporary file in the same directory, fsync, rename, fsync of the directory. When this returns all of
 * that survives the loss of power, as far as the disk keeps its word (rename(2), fsync(2)). A file that is replaced needs
 * both syncs like a new one: the rename is a change of the directory, and before that is on the disk the loss of power
 * brings the old content back; and a rename that is there before its content leads to nothing. The files are synced side
 * by side and every directory once, so that many writes cost little more than one. A symbolic link stays one: the file
 * it leads to is written. Returns the paths that could not be written, and why; those have their old content.
 *
 * Only fsync waits for the disk, so only fsync leaves the thread; the other calls take microseconds.
 */
export async function writeFilesDurably(
  writes: readonly FileWrite[],
): Promise<ReadonlyMap<string, unknown>> {
  const failed = new Map<string, unknown>();
  const attempt = <T>({ path }: FileWrite, action: () => T): T | undefined => {
    try {
      return failed.has(path) ? undefined : action();
    } catch (error) {
      failed.set(path, error);
      return undefined;
    }
  };
  const begun = writes.flatMap((write) => {
    const file = attempt(write, () => begin(write));
    return file === undefined ? [] : [{ write, file }];
  });
  await Promise.all(
    begun.map(async ({ write, file }) => {
      const error = await syncContent(file);
      if (error !== undefined) failed.set(write.path, error);
    }),
  );
  for (const { write, file } of begun) {
    attempt(write, () => {
      finish(file);
    });
    if (failed.has(write.path)) abandon(file);
  }
  await syncFolders(begun, failed);
  return failed;
}

/** A file whose new content is on its way. */
interface BegunFile {
  /** Where the path leads, without links. */
  readonly target: string;
  /** Folders that get another entry. */
  readonly folders: readonly string[];
  /** Missing when the file is to go. */
  readonly temporary?: { readonly path: string; readonly handle: number };
}

interface BegunWrite {
  readonly write: FileWrite;
  readonly file: BegunFile;
}

function begin({ path, text, isSecret }: FileWrite): BegunFile {
  if (text === undefined) return { target: path, folders: [dirname(path)] };
  const { target, before } = find(path);
  const folder = dirname(target);
  const folders = [folder, ...(before === undefined ? makeFolder(folder) : [])];
  const temporary = join(folder, `.${randomUUID()}${temporarySuffix}`);
  const handle = openSync(temporary, 'wx', modeOf(before, isSecret));
  const file = { target, folders, temporary: { path: temporary, handle } };
  try {
    if (before !== undefined) keepOwner(handle, before);
    writeFileSync(handle, text);
    return file;
  } catch (error) {
    close(handle);
    abandon(file);
    throw error;
  }
}

const sync = promisify(fsync);

/** Not fdatasync: the rights of a new file have to be there too, and it costs the same. Returns what went wrong. */
async function syncContent({ temporary }: BegunFile): Promise<unknown> {
  if (temporary === undefined) return undefined;
  try {
    await sync(temporary.handle);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    close(temporary.handle);
  }
}

/** What was synced is safe; an error of close says nothing more. */
function close(handle: number): void {
  try {
    closeSync(handle);
  } catch {
    // Nothing can be done about it.
  }
}

function finish({ target, temporary }: BegunFile): void {
  if (temporary === undefined) rmSync(target, { force: true });
  else renameSync(temporary.path, target);
}

function abandon({ temporary }: BegunFile): void {
  if (temporary !== undefined) rmSync(temporary.path, { force: true });
}

/** Each folder once. A write whose folder cannot be synced may be gone after a crash, so it counts as failed. */
async function syncFolders(
  begun: readonly BegunWrite[],
  failed: Map<string, unknown>,
): Promise<void> {
  const done = begun.filter(({ write }) => !failed.has(write.path));
  const folders = new Set(done.flatMap(({ file }) => file.folders));
  const sync = async (folder: string): Promise<void> => {
    try {
      await syncFolder(folder);
    } catch (error) {
      for (const { write, file } of done) {
        if (file.folders.includes(folder)) failed.set(write.path, error);
      }
    }
  };
  await Promise.all([...folders].map(sync));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = openSync(folder, 'r');
  try {
    await sync(handle);
  } finally {
    close(handle);
  }
}

/** Makes a folder when it is missing. A new one is a change of the folder above, and of that one's if it is new too: returns these. */
function makeFolder(folder: string): readonly string[] {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return [];
  const changed: string[] = [];
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    changed.push(dirname(made));
  }
  return changed;
}

/** Where a path leads, and what is there. A link to nothing is no obstacle: a file takes its place. */
function find(path: string): { readonly target: string; readonly before: Stats | undefined } {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() !== true) return { target: path, before: found };
  const before = statSync(path, { throwIfNoEntry: false });
  return { target: before === undefined ? path : realpathSync(path), before };
}

function modeOf(before: Stats | undefined, isSecret: boolean): number {
  if (isSecret) return 0o600;
  return before === undefined ? 0o644 : before.mode & 0o777;
}

/** A file of somebody else stays theirs where the system lets us. */
function keepOwner(handle: number, { uid, gid, mode }: Stats): void {
  const mine = fstatSync(handle);
  if (mine.uid === uid && mine.gid === gid) return;
  try {
    fchownSync(handle, uid, gid);
    fchmodSync(handle, mine.mode & mode & 0o777);
  } catch {
    // Only root may give files away.
  }
}

/** Removes what writers that were killed have left below a folder. Never fails: litter does no harm. */
export async function sweepLitter(folder: string, now: number): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((candidate) => temporaryName.test(basename(candidate)))) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > litterAge) {
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
}
