import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { watch, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { delay } from '../../kit/lifecycle.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { DirStoreFixture, summary } from '../../test/support/dir-store-fixture.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { keyOf } from '../api/kinds.ts';

describe('the dir store, writing its files', () => {
  let dir: DirStoreFixture;
  beforeEach(async () => {
    dir = await DirStoreFixture.make();
  });
  afterEach(() => dir.close());

  it('writes a changed object into its own document and touches nothing else', async () => {
    const first = `# first\n${virtualServiceYaml('a', 'v1')}`;
    const second = `---\n# second\n${virtualServiceYaml('b', 'v1')}`;
    await dir.write('rules.yaml', first + second);
    await dir.open();
    await dir.store.replace(virtualServiceObject('b', 'v2'));
    assert.equal(
      await readFile(dir.path('rules.yaml'), 'utf8'),
      first + second.replace('v1\n', 'v1\n').replace('subset: v1', 'subset: v2'),
    );
    await dir.store.delete(keyOf(virtualServiceObject('a', 'v1')));
    assert.equal(
      await readFile(dir.path('rules.yaml'), 'utf8'),
      second.replace('subset: v1', 'subset: v2'),
    );
    await dir.store.delete(keyOf(virtualServiceObject('b', 'v1')));
    await assert.rejects(stat(dir.path('rules.yaml')), { code: 'ENOENT' });
  });

  it('writes a new object into a file of its own and finds it again', async () => {
    await dir.open();
    const created = await dir.store.create(virtualServiceObject('a', 'v1', 'shop'));
    await dir.store.close();
    const text = await readFile(dir.path('shop/virtualservice-a.yaml'), 'utf8');
    assert.equal(
      text,
      virtualServiceYaml('a', 'v1', 'shop').replace(
        'shop\n',
        `shop\n  creationTimestamp: ${created.metadata.creationTimestamp ?? ''}\n`,
      ),
    );
    await dir.open();
    const [found] = dir.store.list().items;
    const { resourceVersion: before, ...metadata } = created.metadata;
    const { resourceVersion: after, ...metadataFound } = found?.metadata ?? { name: '' };
    assert.deepEqual(metadataFound, metadata);
    assert.ok(Number(after) > Number(before), 'versions go on growing after a restart');
  });

  it('does not take its own writes for changes', async () => {
    await dir.open();
    await dir.store.create(virtualServiceObject('a', 'v1'));
    const versions: (string | undefined)[] = [];
    dir.store.watch(dir.store.list().version, ({ object }) =>
      versions.push(object.metadata.resourceVersion),
    );
    const replaced = await dir.store.replace(virtualServiceObject('a', 'v2'));
    // A foreign change after ours: when it is seen, events of ours have been seen too.
    await dir.write('b.yaml', virtualServiceYaml('b', 'v1'));
    await dir.become('a:v2', 'b:v1');
    assert.equal(versions.length, 2);
    assert.equal(versions[0], replaced.metadata.resourceVersion);
  });

  it('does not write over a file with mistakes', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.open();
    await dir.write('a.yaml', 'a: [');
    await untilValue(dir.store.problems, (found) => found.length > 0);
    await assert.rejects(dir.store.replace(virtualServiceObject('a', 'v2')), {
      code: 'E_FILE_BROKEN',
    });
    assert.equal(await readFile(dir.path('a.yaml'), 'utf8'), 'a: [');
  });

  it('deletes an object from every file that has it', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.write('b.yaml', virtualServiceYaml('a', 'v2'));
    await dir.open();
    await dir.store.delete(keyOf(virtualServiceObject('a', 'v1')));
    assert.deepEqual([dir.inForce(), await readdir(dir.folder.path)], [[], []]);
  });

  it('takes the folder of a namespace away with its last object, and makes it anew', async () => {
    await dir.open();
    const [a, b] = ['shop', 'team'].map((name) => virtualServiceObject('a', 'v1', name));
    assert.ok(a && b);
    await dir.store.create(a);
    await dir.store.create(b);
    await writeFile(dir.path('team/note.txt'), 'what people keep here stays');
    await dir.store.delete(keyOf(a));
    await dir.store.delete(keyOf(b));
    assert.deepEqual(await readdir(dir.folder.path), ['team']);
    await dir.store.create(a);
    await dir.write('shop/b.yaml', virtualServiceYaml('b', 'v1', 'shop'));
    await dir.become('a:v1', 'b:v1');
    await dir.write('shop/b.yaml', virtualServiceYaml('b', 'v2', 'shop'));
    await dir.become('a:v1', 'b:v2');
  });

  it('shows readers the old or the new content of a file, and leaves no scraps', async () => {
    await dir.write('default/virtualservice-a.yaml', virtualServiceYaml('a', 'v1'));
    // What a crash while writing leaves behind.
    await dir.write('default/.0b5e.tmp', 'apiVersion: netw');
    await dir.open();
    const contents = new Set<string>();
    let isWriting = true;
    const read = async (): Promise<void> => {
      while (isWriting) {
        contents.add(await readFile(dir.path('default/virtualservice-a.yaml'), 'utf8'));
      }
    };
    const reading = read();
    for (let turn = 0; turn < 20; turn += 1) {
      await dir.store.replace(virtualServiceObject('a', turn % 2 === 0 ? 'v2' : 'v1'));
    }
    isWriting = false;
    await reading;
    const valid = ['v1', 'v2'].map((subset) => virtualServiceYaml('a', subset));
    assert.deepEqual(
      [...contents].filter((text) => !valid.includes(text)),
      [],
    );
    assert.deepEqual((await readdir(dir.path('default'))).sort(), [
      '.0b5e.tmp',
      'virtualservice-a.yaml',
    ]);
  });

  it('keeps the old content when the disk refuses the new one', async () => {
    await dir.write('default/virtualservice-a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.open();
    // A directory in the place of the file: the rename must fail.
    await rm(dir.path('default/virtualservice-a.yaml'));
    await mkdir(dir.path('default/virtualservice-a.yaml/x'), { recursive: true });
    await assert.rejects(dir.store.replace(virtualServiceObject('a', 'v2')), {
      code: 'E_UNAVAILABLE',
      message: /EISDIR.*virtualservice-a/,
    });
    assert.deepEqual(dir.inForce(), ['a:v1']);
    assert.deepEqual(await readdir(dir.path('default')), ['virtualservice-a.yaml']);
  });

  it('answers each of those who write at the same time, and keeps them apart', async () => {
    const two = ['a', 'b'].map((name) => virtualServiceYaml(name, 'v1')).join('---\n');
    await dir.write('two.yaml', two);
    // A directory where a file is to go: one write of several cannot be done.
    await mkdir(dir.path('default/virtualservice-e.yaml/x'), { recursive: true });
    await dir.open();
    const events: string[] = [];
    const stop = dir.store.watch(dir.store.list().version, ({ type, object }) => {
      events.push(`${type} ${object.metadata.name}`);
    });
    const { store } = dir;
    const outcomes = await Promise.allSettled([
      store.create(virtualServiceObject('c', 'v1')),
      store.replace(virtualServiceObject('a', 'v2')),
      store.delete(keyOf(virtualServiceObject('b', 'v1'))),
      store.create(virtualServiceObject('e', 'v1')),
      store.create(virtualServiceObject('c', 'v2')),
      store.replace(virtualServiceObject('c', 'v3')),
      store.create(virtualServiceObject('d', 'v1', 'shop')),
    ]);
    stop();
    const codes = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'done' : (outcome.reason as { code: string }).code,
    );
    const inForce = ['a:v2', 'c:v3', 'd:v1'];
    assert.deepEqual(codes, ['done', 'done', 'done', 'E_UNAVAILABLE', 'E_EXISTS', 'done', 'done']);
    assert.deepEqual(
      [dir.inForce(), events.sort()],
      [inForce, ['ADDED c', 'ADDED d', 'ADDED shop', 'DELETED b', 'MODIFIED a', 'MODIFIED c']],
    );
    assert.equal(await readFile(dir.path('two.yaml'), 'utf8'), virtualServiceYaml('a', 'v2'));
    await store.close();
    await dir.open();
    assert.deepEqual(dir.inForce(), inForce);
  });

  it('needs few turns at the disk for many writes at once', async () => {
    await dir.open();
    const turns = countTurns(dir.folder.path);
    const objects = Array.from({ length: 150 }, (_, index) =>
      virtualServiceObject(`rule-${index}`, 'v1', `team-${index % 3}`),
    );
    await Promise.all(objects.map((object) => dir.store.create(object)));
    const count = await turns.stop();
    assert.ok(count <= 3, `${count} turns`);
    assert.equal(dir.inForce().length, objects.length);
  });

  it('keeps kinds that the model does not read, and the files of Secrets to their owner', async () => {
    await dir.write(
      'one.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: one}\nstringData: {a: b}\n',
    );
    await dir.open();
    const [one] = dir.store.list({ kind: 'Secret' }).items;
    const sidecar = { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar' };
    const metadata = { name: 'two', namespace: 'default' };
    await dir.store.create({ ...sidecar, metadata, spec: { egress: [{ hosts: ['./*'] }] } });
    await dir.store.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'Opaque',
      data: {},
    });
    const modes = await Promise.all(
      ['secret', 'sidecar'].map(
        async (kind) => (await stat(dir.path(`default/${kind}-two.yaml`))).mode,
      ),
    );
    assert.deepEqual(
      [
        one?.data,
        dir.store.list().items.map(({ kind }) => kind),
        summary(dir.store.resources.current()),
        modes.map((mode) => (mode & 0o777).toString(8)),
      ],
      [{ a: 'Yg==' }, ['Secret', 'Secret', 'Sidecar'], [], ['600', '644']],
    );
  });

  it('does not write over what somebody has just saved in the same file', async () => {
    const two = `${virtualServiceYaml('a', 'v1')}---\n${virtualServiceYaml('b', 'v1')}`;
    await dir.write('rules.yaml', two);
    await dir.open();
    const saved = `# saved now\n${two.replace('subset: v1', 'subset: v7')}`;
    writeFileSync(dir.path('rules.yaml'), saved);
    // Nothing has told the store of the file yet.
    await dir.store.replace(virtualServiceObject('b', 'v2'));
    assert.equal(
      await readFile(dir.path('rules.yaml'), 'utf8'),
      saved.replace(/subset: v1/, 'subset: v2'),
    );
    assert.deepEqual(dir.inForce(), ['a:v7', 'b:v2']);
  });

  it('takes the lock of a writer that is gone, and waits for one that is there', async () => {
    await dir.open();
    const lock = dir.path('.composemesh.lock');
    const { pid } = spawnSync('true');
    await symlink(`${pid}@${hostname()}#gone`, lock);
    await dir.store.create(virtualServiceObject('a', 'v1'));
    await symlink(`${process.pid}@${hostname()}#here`, lock);
    const writing = dir.store.create(virtualServiceObject('b', 'v1'));
    await dir.write('c.yaml', virtualServiceYaml('c', 'v1'));
    const isDone = await Promise.race([writing.then(() => true), delay(50).then(() => false)]);
    await rm(lock);
    await writing;
    await dir.become('a:v1', 'b:v1', 'c:v1');
    assert.equal(isDone, false);
  });

  it('gives long names files of their own', async () => {
    await dir.open();
    const labels = Array.from({ length: 4 }, () => 'x'.repeat(62));
    const names = ['a', 'b'].map((end) => `${labels.join('.')}.${end}`);
    for (const name of names) await dir.store.create(virtualServiceObject(name, 'v1'));
    const files = await readdir(dir.path('default'));
    assert.deepEqual(
      [files.length, files.every((file) => file.length <= 255), dir.store.list().items.length],
      [2, true, 2],
    );
    await dir.store.delete(keyOf(virtualServiceObject(names[0] ?? '', 'v1')));
    assert.equal((await readdir(dir.path('default'))).length, 1);
  });

  it('keeps the rights of a file', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await chmod(dir.path('a.yaml'), 0o640);
    await dir.open();
    await dir.store.replace(virtualServiceObject('a', 'v2'));
    assert.equal(((await stat(dir.path('a.yaml'))).mode & 0o777).toString(8), '640');
  });

  it('says that it cannot write in a folder that is read-only, and leaves all as it was', async () => {
    await dir.write('default/a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.open();
    const before = dir.store.list();
    await asNobody(dir.folder.path, async () => {
      await assert.rejects(dir.store.replace(virtualServiceObject('a', 'v2')), {
        code: 'E_READ_ONLY',
        message:
          /^the config store .* cannot be written \(EACCES.*\): change the files where they come from, or give pilot the right to write there$/,
      });
      const planned = await dir.store.replace(virtualServiceObject('a', 'v2'), { dryRun: true });
      assert.equal(planned.metadata.generation, 2);
    });
    assert.deepEqual(dir.store.list(), before);
    assert.equal(await readFile(dir.path('default/a.yaml'), 'utf8'), virtualServiceYaml('a', 'v1'));
  });
});

/** Runs `action` without the right to write in the folder; root has it always, so it becomes somebody else. */
async function asNobody(path: string, action: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  await chmod(path, 0o555);
  if (isRoot) process.seteuid?.(65534);
  try {
    await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(path, 0o755);
  }
}

/** Counts how often the lock of the folder is taken. */
function countTurns(path: string): { readonly stop: () => Promise<number> } {
  let count = 0;
  const watcher = watch(path, (event, name) => {
    if (event === 'rename' && name === '.composemesh.lock') count += 1;
  });
  return {
    stop: async () => {
      // An event of our own shows that all before it have come.
      const last = new Promise((resolve) =>
        watcher.on('change', (_event, name) => {
          if (name === 'last') resolve(undefined);
        }),
      );
      await writeFile(join(path, 'last'), '');
      await last;
      watcher.close();
      // It comes and goes.
      return count / 2;
    },
  };
}
