import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Ending of files that are being written; readers of the directory pass over them. */
const temporarySuffix = '.tmp';
const temporaryName = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** A temporary file this old (ms) is not being written any more: its writer was killed. */
const litterAge = 60_000;

/** The rights of a file that is new, and whether an old one may keep those it has. */
export interface WriteRights {
  /** For its owner only, whatever rights it had. */
  readonly isSecret: boolean;
}

/**
 * Writes a file so that whoever reads it, even after a crash, sees the old or the new content and nothing
 * between: temporary file in the same directory, fsync, rename, fsync of the directory. When this returns the
 * content survives the loss of power, as far as the disk keeps its word (rename(2), fsync(2)). A symbolic link
 * stays one: the file it leads to is written.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  rights: WriteRights = { isSecret: false },
): Promise<void> {
  const target = await followLinks(path);
  const folder = dirname(target);
  await makeFolderDurably(folder);
  const temporary = join(folder, `.${randomUUID()}${temporarySuffix}`);
  const before = await statIfThere(target);
  try {
    const file = await open(temporary, 'wx', modeOf(before, rights));
    try {
      if (before !== undefined) await keepOwner(file, before);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes a file so that it stays removed after a crash. */
export async function removeFileDurably(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

/** Removes what writers that were killed have left below a folder. Never fails: litter does no harm. */
export async function sweepLitter(folder: string, now: number): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names.filter((candidate) => temporaryName.test(basename(candidate)))) {
    const path = join(folder, name);
    const found = await statIfThere(path);
    if (found !== undefined && now - found.mtimeMs > litterAge) {
      await rm(path, { force: true }).catch(() => undefined);
    }
  }
}

async function followLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // Nothing is there yet, or a link to nothing, which a file takes the place of.
    return path;
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    return undefined;
  }
}

function modeOf(before: Stats | undefined, { isSecret }: WriteRights): number {
  if (isSecret) return 0o600;
  return before === undefined ? 0o644 : before.mode & 0o777;
}

/** A file of somebody else stays theirs where the system lets us. */
async function keepOwner(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const mine = await file.stat();
  if (mine.uid === uid && mine.gid === gid) return;
  try {
    await file.chown(uid, gid);
    await file.chmod(mine.mode & mode & 0o777);
  } catch {
    // Only root may give files away.
  }
}

/** A new folder is a change of the folder above, and of that one's if it is new too. */
async function makeFolderDurably(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
