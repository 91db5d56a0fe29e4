import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { findFiles } from './file-pattern.ts';

describe('a pattern for files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cmesh-pattern-'));
    const files = [
      'a.yaml',
      'b.yml',
      'c.txt',
      'in/d.yaml',
      'in/deep/e.yaml',
      'node_modules/f.yaml',
    ];
    for (const file of files) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), '');
    }
  });
  after(() => rm(folder, { recursive: true }));

  const patterns: Readonly<Record<string, readonly string[]>> = {
    'a.yaml': ['a.yaml'],
    'missing.yaml': [],
    in: ['in/d.yaml'],
    '*.yaml': ['a.yaml'],
    '?.y*ml': ['a.yaml', 'b.yml'],
    'in/*': ['in/d.yaml'],
    '**/*.yaml': ['a.yaml', 'in/d.yaml', 'in/deep/e.yaml'],
    'in/**': ['in/d.yaml', 'in/deep/e.yaml'],
    'no/*.yaml': [],
  };
  for (const [pattern, expected] of Object.entries(patterns)) {
    it(`${pattern} finds ${expected.length === 0 ? 'nothing' : expected.join(', ')}`, async () => {
      const found = await findFiles(pattern, folder);
      assert.deepEqual(
        found.map((file) => relative(folder, file)),
        expected,
      );
    });
  }
});
