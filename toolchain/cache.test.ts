import assert from 'node:assert/strict';
import { readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FakeMachine } from '../test/support/fake-commands.ts';
import { until } from '../test/support/until.ts';
import { cacheRoot, readCache, writeCache, type CacheKey } from './cache.ts';
import { runCommand } from './command.ts';

const key: CacheKey = { program: 'tool', version: '1.2.3', platform: 'here', origin: 'sha-1' };

describe('cache', () => {
  let machine: FakeMachine;
  let root: string;
  let source: string;

  beforeEach(async () => {
    machine = await FakeMachine.create();
    root = cacheRoot(machine.env);
    source = await machine.addProgram('downloaded', 'echo it runs');
  });
  afterEach(() => machine.close());

  it('lies where the user keeps caches', () => {
    const roots = [
      cacheRoot({ HOME: '/home/me' }),
      cacheRoot({ HOME: '/home/me', XDG_CACHE_HOME: '' }),
      cacheRoot({ HOME: '/home/me', XDG_CACHE_HOME: '/var/cache/me' }),
    ];
    const usual = '/home/me/.cache/composemesh';
    assert.deepEqual(roots, [usual, usual, '/var/cache/me/composemesh']);
  });

  it('has nothing that was not stored', async () => {
    assert.equal(await readCache(root, key), undefined);
  });

  it('gives back a program that runs', async () => {
    await writeFile(source, '#!/bin/sh\necho it runs\n', { mode: 0o644 });
    const stored = await writeCache(root, key, source);
    const { mode } = await stat(stored);
    assert.deepEqual(
      [await readCache(root, key), mode & 0o777, await runCommand(stored, [], options(machine))],
      [stored, 0o755, 'it runs\n'],
    );
  });

  it('keeps programs of another origin apart', async () => {
    await writeCache(root, key, source);
    assert.equal(await readCache(root, { ...key, origin: 'sha-2' }), undefined);
  });

  it('notices a program that was cut short, and a new one takes its place', async () => {
    const stored = await writeCache(root, key, source);
    await truncate(stored, 10);
    const damaged = await readCache(root, key);
    await writeCache(root, key, source);
    assert.deepEqual([damaged, await readCache(root, key)], [undefined, stored]);
  });

  it('notices a program that was changed after it was found whole, though as long as before', async () => {
    const stored = await writeCache(root, key, source);
    const before = await readCache(root, key);
    const { atime, mtime, size } = await stat(stored);
    await untilNextTick(stored);
    await writeFile(stored, 'x'.repeat(size));
    await utimes(stored, atime, mtime);
    assert.deepEqual([before, await readCache(root, key)], [stored, undefined]);
  });

  it('reads a program only once in full', async () => {
    const stored = await writeCache(root, key, source);
    await readCache(root, key);
    const { ctimeMs } = await stat(`${stored}.checked`);
    await readCache(root, key);
    assert.equal((await stat(`${stored}.checked`)).ctimeMs, ctimeMs);
  });

  it('does not trust a program without its checksum', async () => {
    const stored = await writeCache(root, key, source);
    await rm(`${stored}.sha256`);
    assert.equal(await readCache(root, key), undefined);
  });

  it('ends with one whole entry when many write and damage it at the same time', async () => {
    const stored = await writeCache(root, key, source);
    await truncate(stored, 10);
    const writers = Array.from({ length: 8 }, () => writeCache(root, key, source));
    const paths = await Promise.all(writers);
    const entries = await readdir(join(root, 'tool'));
    assert.deepEqual(
      [new Set(paths), await readCache(root, key), entries.length],
      [new Set([stored]), stored, 1],
    );
  });

  it('leaves nothing behind when the program cannot be copied', async () => {
    const stored = await writeCache(root, key, source);
    await rm(dirname(stored), { recursive: true });
    await assert.rejects(writeCache(root, key, join(root, 'no-such-file')));
    assert.deepEqual(await readdir(join(root, 'tool')), []);
  });
});

/** Times of change have ticks of some milliseconds: waits until that of a file cannot be had again. */
async function untilNextTick(file: string): Promise<void> {
  const { ctimeNs } = await stat(file, { bigint: true });
  const probe = `${dirname(file)}.probe`;
  await until('a later time of change', async () => {
    await writeFile(probe, '');
    return (await stat(probe, { bigint: true })).ctimeNs > ctimeNs;
  });
}

function options(machine: FakeMachine): Parameters<typeof runCommand>[2] {
  return { env: machine.env, timeoutMs: 60_000 };
}
