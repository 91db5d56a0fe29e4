import { randomUUID } from 'node:crypto';
import { lstatSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
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
 * folder cannot be written. The calls are synchronous: they take microseconds, and a way through the thread pool for
 * each would take longer than all of them.
 */
export async function withFolderLock<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const path = join(folder, lockName);
  const owner = `${process.pid}@${hostname()}#${randomUUID()}`;
  await acquire(path, owner);
  try {
    return await action();
  } finally {
    if (ownerOf(path) === owner) release(path);
  }
}

function release(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // Somebody has taken us for dead meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function acquire(path: string, owner: string): Promise<void> {
  const deadline = Date.now() + patience;
  while (!tryLink(owner, path)) {
    const holder = ownerOf(path);
    if (holder === undefined) continue;
    if (isStale(path, holder)) steal(path, holder);
    else if (Date.now() > deadline) {
      throw new StoreError(
        'E_UNAVAILABLE',
        `another process (${holder.replace(/#.*/, '')}) has been writing in the config store for long; remove ${path} if it no longer runs`,
      );
    } else await delay(2 + Math.random() * 8);
  }
}

function tryLink(owner: string, path: string): boolean {
  try {
    symlinkSync(owner, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ownerOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function isStale(path: string, holder: string): boolean {
  const [, pid = '', host = ''] = /^(\d+)@([^#]*)#/.exec(holder) ?? [];
  if (host === hostname() && !isAlive(Number(pid))) return true;
  try {
    return Date.now() - lstatSync(path).mtimeMs > staleAge;
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
function steal(path: string, stale: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = ownerOf(aside);
  if (moved !== undefined && moved !== stale) tryLink(moved, path);
  rmSync(aside, { force: true });
}
