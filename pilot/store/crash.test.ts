import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../kit/clock.ts';
import { delay } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { virtualServiceYaml } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../test/support/folders.ts';
import { openDirStore } from './dir-store.ts';

const program = fileURLToPath(
  new URL('../../test/support/store-writer-process.ts', import.meta.url),
);
const tsx = import.meta.resolve('tsx');

/** Of 200 killed writers, ten share a process, because a start costs more than all it writes. */
const chains = 2;
const killsPerChain = 10;
const writersPerProcess = 10;

const byHand = `# These belong to the reviews team.
${virtualServiceYaml('first', 'v1')}# between
---
# second thoughts
${virtualServiceYaml('second', 'v1').replace('spec:', 'spec: # what it does')}---
${virtualServiceYaml('third', 'v1')}# the end
`;

/** A folder and what must be in it: by name, the value that was acknowledged last. */
interface Case {
  readonly folder: TemporaryFolder;
  readonly acknowledged: Map<string, string>;
  /** What was tried and not acknowledged: it may have been done or not. */
  tried: { readonly name: string; readonly value: string } | undefined;
}

async function makeCase(): Promise<Case> {
  const folder = await makeTemporaryFolder();
  await writeFile(join(folder.path, 'by-hand.yaml'), byHand);
  const acknowledged = new Map(['first', 'second', 'third'].map((name) => [name, 'v1']));
  return { folder, acknowledged, tried: undefined };
}

/** Runs writers on the folders until all have written, and kills them some time after. Returns what they said. */
async function killWriters(folders: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--import', tsx, program, ...folders], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const busy = new Set<string>();
  const allBusy = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const path of folders) if (output.includes(`did ${path} `)) busy.add(path);
      if (busy.size === folders.length) resolve();
    });
    child.once('exit', () => {
      reject(new Error('the writers ended by themselves'));
    });
  });
  const closed = once(child, 'close');
  await allBusy;
  await delay(Math.random() * 40);
  child.kill('SIGKILL');
  await closed;
  return output.split('\n').slice(0, -1);
}

function note({ folder, ...rest }: Case, lines: readonly string[]): Case {
  const noted: Case = { folder, ...rest };
  for (const line of lines) {
    const [verb, path, name = '', value = ''] = line.split(' ');
    if (path !== folder.path) continue;
    if (verb === 'try') noted.tried = { name, value };
    else {
      noted.tried = undefined;
      if (value === '-') noted.acknowledged.delete(name);
      else noted.acknowledged.set(name, value);
    }
  }
  return noted;
}

/** What a store finds in the folder: values by name. Opens it as a pilot that starts after the crash. */
async function readBack(path: string): Promise<ReadonlyMap<string, string>> {
  const store = await openDirStore({ path, clock: systemClock, log: createLog('test', 'silent') });
  assert.deepEqual(store.problems.current(), []);
  const found = store.list().items.map(({ metadata, spec }): [string, string] => {
    const { http } = spec as { http: { route: { destination: { subset: string } }[] }[] };
    return [metadata.name, http[0]?.route[0]?.destination.subset ?? ''];
  });
  await store.close();
  return new Map(found);
}

async function assertNothingLost({ folder, acknowledged, tried }: Case): Promise<void> {
  const found = await readBack(folder.path);
  const wanted = new Map(acknowledged);
  const { name = '', value } = tried ?? {};
  const isDone = (found.get(name) ?? '-') === value;
  if (isDone && value === '-') wanted.delete(name);
  else if (isDone) wanted.set(name, value);
  assert.deepEqual(sorted(found), sorted(wanted));
  acknowledged.clear();
  for (const entry of wanted) acknowledged.set(...entry);
  const withoutValues = (text: string): string => text.replace(/subset: v[\d-]+/g, 'subset: v1');
  const text = await readFile(join(folder.path, 'by-hand.yaml'), 'utf8');
  assert.equal(withoutValues(text), byHand);
}

function sorted(values: ReadonlyMap<string, string>): readonly (readonly [string, string])[] {
  return [...values].sort(([left], [right]) => (left < right ? -1 : 1));
}

const litter = /^\.[0-9a-f-]{36}\.tmp$/;

describe('the dir store, killed at any time', () => {
  it('has every write that was acknowledged, whole files, and what people wrote around them', async () => {
    let kills = 0;
    let scraps = 0;
    const chain = async (): Promise<void> => {
      let cases = await Promise.all(Array.from({ length: writersPerProcess }, makeCase));
      const paths = cases.map(({ folder }) => folder.path);
      try {
        for (let kill = 0; kill < killsPerChain; kill += 1) {
          const lines = await killWriters(paths);
          cases = cases.map((one) => note(one, lines));
          for (const one of cases) await assertNothingLost(one);
          kills += cases.length;
        }
        for (const path of paths) scraps += await sweep(path);
      } finally {
        for (const { folder } of cases) await folder.remove();
      }
    };
    await Promise.all(Array.from({ length: chains }, chain));
    assert.equal(kills, chains * killsPerChain * writersPerProcess);
    // Among so many some were killed between the temporary file and its renaming, or the test shows nothing.
    assert.ok(scraps > 0, 'no writer was killed while it wrote');
  }).timeout(180_000);
});

/** Makes what the killed writers left old, and opens the store once more. Returns how much it has swept. */
async function sweep(path: string): Promise<number> {
  const scraps = async (): Promise<readonly string[]> => {
    const names = await readdir(path, { recursive: true });
    return names.filter((name) => litter.test(name.split('/').at(-1) ?? ''));
  };
  const left = await scraps();
  const longAgo = new Date('2020-01-01');
  for (const name of left) await utimes(join(path, name), longAgo, longAgo);
  await readBack(path);
  assert.deepEqual(await scraps(), []);
  return left.length;
}
