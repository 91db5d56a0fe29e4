import { randomUUID } from 'node:crypto';
import { lstat, readlink, rename, rm, symlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../kit/lifecycle.ts';
import { StoreError } from './store.ts';

/** In the root of the folder; hidden, so nobody takes it for configuration. */
const lockName = '.composemesh.lock';
/** Who holds a lock for longer (ms) has died where we cannot see it, such as in another container. */
const staleAge = 10_000;
/** How long we wait for another writer (ms). */
const patience = 15_000;

/**
 * Runs `action` while no other process writes in the folder: two pilots on one folder must not both read, change
 * and write a file. The lock is a symbolic link, because making one is atomic and it says whose it is. Throws
 * StoreError `E_UNAVAILABLE` when another writer does not come to an end, and what the system says when the
 * folder cannot be written.
 */
export async function withFolderLock<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const path = join(folder, lockName);
  const owner = `${process.pid}@${hostname()}#${randomUUID()}`;
  await acquire(path, owner);
  try {
    return await action();
  } finally {
    if ((await ownerOf(path)) === owner) await rm(path, { force: true });
  }
}

async function acquire(path: string, owner: string): Promise<void> {
  const deadline = Date.now() + patience;
  while (!(await tryLink(owner, path))) {
    const holder = await ownerOf(path);
    if (holder === undefined) continue;
    if (await isStale(path, holder)) await steal(path, holder);
    else if (Date.now() > deadline) {
      throw new StoreError(
        'E_UNAVAILABLE',
        `another process (${holder.replace(/#.*/, '')}) has been writing in the config store for long; remove ${path} if it no longer runs`,
      );
    } else await delay(2 + Math.random() * 8);
  }
}

async function tryLink(owner: string, path: string): Promise<boolean> {
  try {
    await symlink(owner, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function ownerOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch {
    return undefined;
  }
}

async function isStale(path: string, holder: string): Promise<boolean> {
  const [, pid = '', host = ''] = /^(\d+)@([^#]*)#/.exec(holder) ?? [];
  if (host === hostname() && !isAlive(Number(pid))) return true;
  try {
    return Date.now() - (await lstat(path)).mtimeMs > staleAge;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Of several who find the lock stale one moves it away; who moved a fresh one by that puts it back. */
async function steal(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await ownerOf(aside);
  if (moved !== undefined && moved !== stale) await tryLink(moved, path);
  await rm(aside, { force: true });
}
