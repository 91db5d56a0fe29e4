import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the disk alone takes to keep one new small file: write, fsync, rename, fsync of the folder; times of `count` files (ms). */
export async function probeDisk(count: number): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'composemesh-disk-'));
  const times: number[] = [];
  try {
    for (let turn = 0; turn < count; turn += 1) {
      const start = performance.now();
      const file = await open(join(folder, 'fresh'), 'w');
      await file.writeFile('x'.repeat(500));
      await file.sync();
      await file.close();
      await rename(join(folder, 'fresh'), join(folder, `file-${turn}`));
      const above = await open(folder, 'r');
      await above.sync();
      await above.close();
      times.push(performance.now() - start);
    }
    return times;
  } finally {
    await rm(folder, { recursive: true });
  }
}
