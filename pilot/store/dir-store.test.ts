import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock, type Clock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { formatProblem } from '../../kit/problem.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../test/support/folders.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { keyOf } from '../api/kinds.ts';
import type { ResourceSet } from '../api/resource.ts';
import { openDirStore } from './dir-store.ts';
import type { ConfigStore } from './store.ts';

/** `name:subset` of every VirtualService in force. */
function summary(resources: ResourceSet | undefined): readonly string[] {
  return (resources ?? []).flatMap((resource) =>
    resource.kind === 'VirtualService'
      ? [
          `${resource.metadata.name}:${resource.spec.http?.[0]?.route?.[0]?.destination.subset ?? ''}`,
        ]
      : [],
  );
}

describe('the dir store, over its files', () => {
  let folder: TemporaryFolder;
  let store: ConfigStore;

  const open = async (clock: Clock = systemClock): Promise<void> => {
    const log = createLog('test', 'silent');
    store = await openDirStore({ path: folder.path, clock, log, pollInterval: 50 });
  };
  const path = (name: string): string => join(folder.path, name);
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
  };
  const inForce = (): readonly string[] => summary(store.resources.current());
  const become = (...expected: readonly string[]): Promise<unknown> =>
    untilValue(store.resources, (resources) => String(summary(resources)) === String(expected));
  const problems = (): readonly string[] => (store.problems.current() ?? []).map(formatProblem);

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await store.close();
    await folder.remove();
  });

  it('reads all YAML files below the directory, with several documents', async () => {
    const two = `${virtualServiceYaml('b', 'v1')}---\n${virtualServiceYaml('a', 'v1')}---\n`;
    await write('two.yaml', `# header\n---\n${two}`);
    await write('deep/er/one.yml', virtualServiceYaml('c', 'v1', 'shop'));
    await write('note.txt', 'not: yaml');
    await write('.hidden.yaml', 'kind: nothing');
    await open();
    assert.deepEqual([inForce(), problems()], [['a:v1', 'b:v1', 'c:v1'], []]);
  });

  it('takes the creation time from the file when the object has none', async () => {
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    const time = new Date('2020-02-03T04:05:06Z');
    await utimes(path('a.yaml'), time, time);
    await open();
    const key = keyOf(virtualServiceObject('a', 'v1'));
    assert.equal(store.get(key)?.metadata.creationTimestamp, '2020-02-03T04:05:06Z');
  });

  it('says where mistakes are and keeps the last good content in force', async () => {
    await write('a.yaml', `# x\n---\n${virtualServiceYaml('a', 'v1')}`);
    await open();
    await write('a.yaml', `# x\n---\n${virtualServiceYaml('a', 'NO')}`);
    await untilValue(store.problems, (found) => found.length > 0);
    assert.deepEqual(
      [inForce(), problems()],
      [
        ['a:v1'],
        [
          'E_FIELD_INVALID a.yaml:15:21 VirtualService default/a: spec.http[0].route[0].destination.subset: Invalid value: "NO": must be lower-case letters, digits and -, at most 63 of them',
        ],
      ],
    );
    await write('a.yaml', `# x\n---\na: [1\nb: 2\n`);
    await untilValue(store.problems, ([found]) => found?.code === 'E_YAML');
    assert.deepEqual([inForce(), problems().length], [['a:v1'], 1]);
    assert.match(problems()[0] ?? '', /^E_YAML a\.yaml:4:1: .*last good content/);
    await write('a.yaml', virtualServiceYaml('a', 'v2'));
    await become('a:v2');
    assert.deepEqual(problems(), []);
  });

  it('lets good documents through beside a bad one', async () => {
    await write('a.yaml', `${virtualServiceYaml('a', 'v1')}---\n${virtualServiceYaml('b', 'B')}`);
    await open();
    assert.deepEqual([inForce(), problems().length], [['a:v1'], 1]);
  });

  it('passes over objects of other kinds, and still notices what goes from their file', async () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n---\n';
    const rest = virtualServiceYaml('b', 'v1');
    await write('a.yaml', `${service}${virtualServiceYaml('a', 'v1')}---\n${rest}`);
    await open();
    assert.deepEqual(inForce(), ['a:v1', 'b:v1']);
    await write('a.yaml', service + rest);
    await become('b:v1');
    assert.deepEqual(
      store.problems
        .current()
        ?.map(({ severity, ...problem }) => [severity, formatProblem({ severity, ...problem })]),
      [
        [
          'warning',
          'E_KIND_UNKNOWN a.yaml:2:7 Service: kind: Invalid value: "v1 Service": is not a kind of the mesh',
        ],
      ],
    );
  });

  it('puts the first file by name in force when two have the same object', async () => {
    await write('b.yaml', virtualServiceYaml('a', 'v2'));
    await open();
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    await become('a:v1');
    assert.deepEqual(problems(), [
      'E_DUPLICATE_OBJECT b.yaml:1:1 VirtualService default/a: the object is already in a.yaml, which is in force; remove one of the two',
    ]);
    await rm(path('a.yaml'));
    await become('a:v2');
    assert.deepEqual(problems(), []);
  });

  it('sees files and folders come, change and go, however an editor saves them', async () => {
    await open();
    await write('new/folder/a.yaml', virtualServiceYaml('a', 'v1'));
    await become('a:v1');
    await write('new/folder/a.yaml', virtualServiceYaml('a', 'v2'));
    await become('a:v2');
    await write('new/folder/a.yaml.swp', virtualServiceYaml('a', 'v3'));
    await rename(path('new/folder/a.yaml.swp'), path('new/folder/a.yaml'));
    await become('a:v3');
    await rename(path('new/folder/a.yaml'), path('new/folder/a.yaml~'));
    await write('new/folder/a.yaml', virtualServiceYaml('a', 'v4'));
    await become('a:v4');
    await rm(path('new'), { recursive: true });
    await become();
  });

  it('notices a folder that was made anew in the place of another', async () => {
    await write('rules/a.yaml', virtualServiceYaml('a', 'v1'));
    await open();
    await rm(path('rules'), { recursive: true });
    await write('rules/a.yaml', virtualServiceYaml('a', 'v2'));
    await become('a:v2');
    await write('rules/a.yaml', virtualServiceYaml('a', 'v3'));
    await become('a:v3');
  });

  it('looks from time to time when its directory itself has gone, and watches the next', async () => {
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    await open();
    await rm(folder.path, { recursive: true });
    await become();
    await write('a.yaml', virtualServiceYaml('a', 'v2'));
    await become('a:v2');
    await write('a.yaml', virtualServiceYaml('a', 'v3'));
    await become('a:v3');
  });

  it('does not take the empty file between truncate and write for a deletion', async () => {
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    // Time stands still, so the store has no reason to believe that the file stays empty.
    await open({ ...systemClock, now: () => 1_700_000_000_000 });
    const seen: string[] = [];
    store.resources.subscribe((resources) => seen.push(String(summary(resources))));
    await writeFile(path('a.yaml'), '');
    await write('b.yaml', virtualServiceYaml('b', 'v1'));
    await become('a:v1', 'b:v1');
    await writeFile(path('a.yaml'), virtualServiceYaml('a', 'v2'));
    await become('a:v2', 'b:v1');
    assert.deepEqual(seen, ['a:v1', 'a:v1,b:v1', 'a:v2,b:v1']);
  });

  it('writes a changed object into its own document and touches nothing else', async () => {
    const first = `# first\n${virtualServiceYaml('a', 'v1')}`;
    const second = `---\n# second\n${virtualServiceYaml('b', 'v1')}`;
    await write('rules.yaml', first + second);
    await open();
    await store.replace(virtualServiceObject('b', 'v2'));
    assert.equal(
      await readFile(path('rules.yaml'), 'utf8'),
      first + second.replace('v1\n', 'v1\n').replace('subset: v1', 'subset: v2'),
    );
    await store.delete(keyOf(virtualServiceObject('a', 'v1')));
    assert.equal(
      await readFile(path('rules.yaml'), 'utf8'),
      second.replace('subset: v1', 'subset: v2'),
    );
    await store.delete(keyOf(virtualServiceObject('b', 'v1')));
    await assert.rejects(stat(path('rules.yaml')), { code: 'ENOENT' });
  });

  it('writes a new object into a file of its own and finds it again', async () => {
    await open();
    const created = await store.create(virtualServiceObject('a', 'v1', 'shop'));
    await store.close();
    const text = await readFile(path('shop/virtualservice-a.yaml'), 'utf8');
    assert.equal(
      text,
      virtualServiceYaml('a', 'v1', 'shop').replace(
        'shop\n',
        `shop\n  creationTimestamp: ${created.metadata.creationTimestamp ?? ''}\n`,
      ),
    );
    await open();
    const [found] = store.list().items;
    const { resourceVersion: before, ...metadata } = created.metadata;
    const { resourceVersion: after, ...metadataFound } = found?.metadata ?? { name: '' };
    assert.deepEqual(metadataFound, metadata);
    assert.ok(Number(after) > Number(before), 'versions go on growing after a restart');
  });

  it('does not take its own writes for changes', async () => {
    await open();
    await store.create(virtualServiceObject('a', 'v1'));
    const versions: (string | undefined)[] = [];
    store.watch(store.list().version, ({ object }) =>
      versions.push(object.metadata.resourceVersion),
    );
    const replaced = await store.replace(virtualServiceObject('a', 'v2'));
    // A foreign change after ours: when it is seen, events of ours have been seen too.
    await write('b.yaml', virtualServiceYaml('b', 'v1'));
    await become('a:v2', 'b:v1');
    assert.equal(versions.length, 2);
    assert.equal(versions[0], replaced.metadata.resourceVersion);
  });

  it('does not write over a file with mistakes', async () => {
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    await open();
    await write('a.yaml', 'a: [');
    await untilValue(store.problems, (found) => found.length > 0);
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), { code: 'E_FILE_BROKEN' });
    assert.equal(await readFile(path('a.yaml'), 'utf8'), 'a: [');
  });

  it('deletes an object from every file that has it', async () => {
    await write('a.yaml', virtualServiceYaml('a', 'v1'));
    await write('b.yaml', virtualServiceYaml('a', 'v2'));
    await open();
    await store.delete(keyOf(virtualServiceObject('a', 'v1')));
    assert.deepEqual([inForce(), await readdir(folder.path)], [[], []]);
  });

  it('shows readers the old or the new content of a file, and leaves no scraps', async () => {
    await write('default/virtualservice-a.yaml', virtualServiceYaml('a', 'v1'));
    // What a crash while writing leaves behind.
    await write('default/.0b5e.tmp', 'apiVersion: netw');
    await open();
    const contents = new Set<string>();
    let isWriting = true;
    const read = async (): Promise<void> => {
      while (isWriting) contents.add(await readFile(path('default/virtualservice-a.yaml'), 'utf8'));
    };
    const reading = read();
    for (let turn = 0; turn < 20; turn += 1) {
      await store.replace(virtualServiceObject('a', turn % 2 === 0 ? 'v2' : 'v1'));
    }
    isWriting = false;
    await reading;
    const valid = ['v1', 'v2'].map((subset) => virtualServiceYaml('a', subset));
    assert.deepEqual(
      [...contents].filter((text) => !valid.includes(text)),
      [],
    );
    assert.deepEqual((await readdir(path('default'))).sort(), [
      '.0b5e.tmp',
      'virtualservice-a.yaml',
    ]);
  });

  it('keeps the old content when the disk refuses the new one', async () => {
    await write('default/virtualservice-a.yaml', virtualServiceYaml('a', 'v1'));
    await open();
    // A directory in the place of the file: the rename must fail.
    await rm(path('default/virtualservice-a.yaml'));
    await mkdir(path('default/virtualservice-a.yaml/x'), { recursive: true });
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), {
      code: 'E_UNAVAILABLE',
      message: /EISDIR.*virtualservice-a/,
    });
    assert.deepEqual(inForce(), ['a:v1']);
    assert.deepEqual(await readdir(path('default')), ['virtualservice-a.yaml']);
  });

  it('keeps kinds that the model does not read, and the files of Secrets to their owner', async () => {
    await write(
      'one.yaml',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: one}\nstringData: {a: b}\n',
    );
    await open();
    const [one] = store.list({ kind: 'Secret' }).items;
    const sidecar = { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar' };
    const metadata = { name: 'two', namespace: 'default' };
    await store.create({ ...sidecar, metadata, spec: { egress: [{ hosts: ['./*'] }] } });
    await store.create({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: {} });
    const modes = await Promise.all(
      ['secret', 'sidecar'].map(
        async (kind) => (await stat(path(`default/${kind}-two.yaml`))).mode,
      ),
    );
    assert.deepEqual(
      [
        one?.data,
        store.list().items.map(({ kind }) => kind),
        summary(store.resources.current()),
        modes.map((mode) => (mode & 0o777).toString(8)),
      ],
      [{ a: 'Yg==' }, ['Secret', 'Secret', 'Sidecar'], [], ['600', '644']],
    );
  });
});
