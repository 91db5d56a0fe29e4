/**
 * Keeps programs that were fetched or built, outside every source tree:
 * `<root>/<program>/<version>-<platform>-<origin>/<program>`, its checksum beside it.
 *
 * An entry appears whole, by a rename, and is checked when it is read. So a download cut short,
 * a full disk or two processes at a time never leave a program that is half there. A stamp beside
 * it says which file was checked last: to read it all again takes a third of a second each time.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Environment } from './command.ts';

/** What identifies a program in the cache. */
export interface CacheKey {
  readonly program: string;
  readonly version: string;
  readonly platform: string;
  /** The checksum of what it was made from; another origin is another entry. */
  readonly origin: string;
}

/** Where this user's programs are kept. */
export function cacheRoot(env: Environment): string {
  const base = env['XDG_CACHE_HOME'];
  const home = env['HOME'] ?? homedir();
  return join(base === undefined || base === '' ? join(home, '.cache') : base, 'composemesh');
}

/** The path of a cached program, or undefined when it is not there or not as it was stored. */
export async function readCache(root: string, key: CacheKey): Promise<string | undefined> {
  const entry = entryPath(root, key);
  return (await isWhole(entry, key.program)) ? join(entry, key.program) : undefined;
}

/** Copies a program into the cache, in place of a damaged one, and returns its path there. */
export async function writeCache(root: string, key: CacheKey, source: string): Promise<string> {
  const entry = entryPath(root, key);
  const fresh = aside(entry);
  const program = join(fresh, key.program);
  await mkdir(fresh, { recursive: true });
  try {
    await copyFile(source, program);
    await chmod(program, 0o755);
    await writeFile(checksumPath(fresh, key.program), `${await checksum(program)}\n`);
    await putInPlace(fresh, entry, key.program);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return join(entry, key.program);
}

/** The SHA-256 of a file, in hexadecimal. */
export async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * A folder cannot be renamed onto one with content. When there is one, it is either as good as
 * ours, stored by another process meanwhile, or damaged: then it goes, and we try again.
 */
async function putInPlace(fresh: string, entry: string, program: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(fresh, entry);
      return;
    } catch (error) {
      if (attempt === 5) throw error;
      if (await isWhole(entry, program)) return;
      await discard(entry);
    }
  }
}

/** Moved away before it is removed, so that nobody finds it half removed. */
async function discard(entry: string): Promise<void> {
  const trash = aside(entry);
  try {
    await rename(entry, trash);
  } catch {
    return; // Another process was faster.
  }
  await rm(trash, { recursive: true, force: true });
}

async function isWhole(entry: string, program: string): Promise<boolean> {
  const path = join(entry, program);
  const stampPath = `${path}.checked`;
  try {
    const stored = (await readFile(checksumPath(entry, program), 'utf8')).trim();
    const stamp = `${stored} ${await identify(path)}\n`;
    if ((await readFile(stampPath, 'utf8').catch(() => '')) === stamp) return true;
    if (stored !== (await checksum(path))) return false;
    // Where the cache may not be written it is read in full each time.
    await writeFile(stampPath, stamp).catch(() => undefined);
    return true;
  } catch {
    return false;
  }
}

/** What changes when somebody changes the file: the system sets the time of change, and no program can. */
async function identify(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

function entryPath(root: string, { program, version, platform, origin }: CacheKey): string {
  const id = createHash('sha256').update(origin).digest('hex').slice(0, 12);
  return join(root, program, `${version}-${platform}-${id}`);
}

function checksumPath(entry: string, program: string): string {
  return join(entry, `${program}.sha256`);
}

function aside(entry: string): string {
  return `${entry}.${randomUUID()}`;
}
