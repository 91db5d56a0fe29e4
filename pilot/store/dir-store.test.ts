import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstat, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../kit/clock.ts';
import { formatProblem } from '../../kit/problem.ts';
import { virtualServiceObject, virtualServiceYaml } from '../../test/support/config-objects.ts';
import { DirStoreFixture, summary } from '../../test/support/dir-store-fixture.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { keyOf } from '../api/kinds.ts';

describe('the dir store, over its files', () => {
  let dir: DirStoreFixture;
  beforeEach(async () => {
    dir = await DirStoreFixture.make();
  });
  afterEach(() => dir.close());

  it('reads all YAML files below the directory, with several documents', async () => {
    const two = `${virtualServiceYaml('b', 'v1')}---\n${virtualServiceYaml('a', 'v1')}---\n`;
    await dir.write('two.yaml', `# header\n---\n${two}`);
    await dir.write('deep/er/one.yml', virtualServiceYaml('c', 'v1', 'shop'));
    await dir.write('note.txt', 'not: yaml');
    await dir.write('.hidden.yaml', 'kind: nothing');
    await dir.open();
    assert.deepEqual([dir.inForce(), dir.problems()], [['a:v1', 'b:v1', 'c:v1'], []]);
  });

  it('takes the creation time from the file when the object has none', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    const time = new Date('2020-02-03T04:05:06Z');
    await utimes(dir.path('a.yaml'), time, time);
    await dir.open();
    const key = keyOf(virtualServiceObject('a', 'v1'));
    assert.equal(dir.store.get(key)?.metadata.creationTimestamp, '2020-02-03T04:05:06Z');
  });

  it('says where mistakes are and keeps the last good content in force', async () => {
    await dir.write('a.yaml', `# x\n---\n${virtualServiceYaml('a', 'v1')}`);
    await dir.open();
    await dir.write('a.yaml', `# x\n---\n${virtualServiceYaml('a', 'N_O')}`);
    await untilValue(dir.store.problems, (found) => found.length > 0);
    assert.deepEqual(
      [dir.inForce(), dir.problems()],
      [
        ['a:v1'],
        [
          'E_FIELD_INVALID a.yaml:15:21 VirtualService default/a: spec.http[0].route[0].destination.subset: Invalid value: "N_O": must be letters, digits and -, at most 63 of them',
        ],
      ],
    );
    await dir.write('a.yaml', `# x\n---\na: [1\nb: 2\n`);
    await untilValue(dir.store.problems, ([found]) => found?.code === 'E_YAML');
    assert.deepEqual([dir.inForce(), dir.problems().length], [['a:v1'], 1]);
    assert.match(dir.problems()[0] ?? '', /^E_YAML a\.yaml:4:1: .*last good content/);
    await dir.write('a.yaml', virtualServiceYaml('a', 'v2'));
    await dir.become('a:v2');
    assert.deepEqual(dir.problems(), []);
  });

  it('takes a misspelt kind for a mistake, and passes over what is not of the mesh', async () => {
    const rule = virtualServiceYaml('a', 'v1');
    await dir.write('a.yaml', rule);
    await dir.write('pod.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n');
    await dir.open();
    await dir.write('a.yaml', rule.replace('VirtualService', 'VirtualServce'));
    await untilValue(dir.store.problems, (found) => found.length > 1);
    const found = dir.store.problems.current() ?? [];
    assert.deepEqual(
      [dir.inForce(), found.map(({ code, severity }) => `${severity} ${code}`)],
      [['a:v1'], ['error E_KIND_UNKNOWN', 'warning E_KIND_UNKNOWN']],
    );
  });

  it('says of a new file with a mistake how to mend it, and not that something stays in force', async () => {
    await dir.open();
    await dir.write('a.yaml', 'apiVersion: networking.istio.io/v1\nspec:\n\thosts: []\n');
    const tab =
      'E_YAML a.yaml:3:1: Tabs are not allowed as indentation: put blanks instead of the tab at the beginning of the line';
    await untilValue(dir.store.problems, (found) => found.length > 0);
    assert.deepEqual(dir.problems(), [tab]);
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.become('a:v1');
    await dir.write('a.yaml', 'a:\n\tb: 1\n');
    await untilValue(dir.store.problems, (found) => found.length > 0);
    await dir.write('a.yaml', 'a:\n\n\tb: 1\n');
    await untilValue(dir.store.problems, ([found]) => found?.resource === 'a.yaml:3:1');
    assert.deepEqual(dir.problems(), [`${tab}; the last good content of the file stays in force`]);
  });

  it('lets good documents through beside a bad one', async () => {
    await dir.write(
      'a.yaml',
      `${virtualServiceYaml('a', 'v1')}---\n${virtualServiceYaml('b', 'B_1')}`,
    );
    await dir.open();
    assert.deepEqual([dir.inForce(), dir.problems().length], [['a:v1'], 1]);
  });

  it('passes over objects of other kinds, and still notices what goes from their file', async () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n---\n';
    const rest = virtualServiceYaml('b', 'v1');
    await dir.write('a.yaml', `${service}${virtualServiceYaml('a', 'v1')}---\n${rest}`);
    await dir.open();
    assert.deepEqual(dir.inForce(), ['a:v1', 'b:v1']);
    await dir.write('a.yaml', service + rest);
    await dir.become('b:v1');
    assert.deepEqual(
      dir.store.problems
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
    await dir.write('b.yaml', virtualServiceYaml('a', 'v2'));
    await dir.open();
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.become('a:v1');
    assert.deepEqual(dir.problems(), [
      'E_DUPLICATE_OBJECT b.yaml:1:1 VirtualService default/a: the object is already in a.yaml, which is in force; remove one of the two',
    ]);
    await rm(dir.path('a.yaml'));
    await dir.become('a:v2');
    assert.deepEqual(dir.problems(), []);
  });

  it('sees files and folders come, change and go, however an editor saves them', async () => {
    await dir.open();
    await dir.write('new/folder/a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.become('a:v1');
    await dir.write('new/folder/a.yaml', virtualServiceYaml('a', 'v2'));
    await dir.become('a:v2');
    await dir.write('new/folder/a.yaml.swp', virtualServiceYaml('a', 'v3'));
    await rename(dir.path('new/folder/a.yaml.swp'), dir.path('new/folder/a.yaml'));
    await dir.become('a:v3');
    await rename(dir.path('new/folder/a.yaml'), dir.path('new/folder/a.yaml~'));
    await dir.write('new/folder/a.yaml', virtualServiceYaml('a', 'v4'));
    await dir.become('a:v4');
    await rm(dir.path('new'), { recursive: true });
    await dir.become();
  });

  it('notices a folder that was made anew in the place of another', async () => {
    await dir.write('rules/a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.open();
    await rm(dir.path('rules'), { recursive: true });
    await dir.write('rules/a.yaml', virtualServiceYaml('a', 'v2'));
    await dir.become('a:v2');
    await dir.write('rules/a.yaml', virtualServiceYaml('a', 'v3'));
    await dir.become('a:v3');
  });

  it('looks from time to time when its directory itself has gone, and watches the next', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    await dir.open();
    await rm(dir.folder.path, { recursive: true });
    await dir.become();
    await dir.write('a.yaml', virtualServiceYaml('a', 'v2'));
    await dir.become('a:v2');
    await dir.write('a.yaml', virtualServiceYaml('a', 'v3'));
    await dir.become('a:v3');
  });

  it('does not take the empty file between truncate and write for a deletion', async () => {
    await dir.write('a.yaml', virtualServiceYaml('a', 'v1'));
    // Time stands still, so the store has no reason to believe that the file stays empty.
    await dir.open({ ...systemClock, now: () => 1_700_000_000_000 });
    const seen: string[] = [];
    dir.store.resources.subscribe((resources) => seen.push(String(summary(resources))));
    await writeFile(dir.path('a.yaml'), '');
    await dir.write('b.yaml', virtualServiceYaml('b', 'v1'));
    await dir.become('a:v1', 'b:v1');
    await writeFile(dir.path('a.yaml'), virtualServiceYaml('a', 'v2'));
    await dir.become('a:v2', 'b:v1');
    assert.deepEqual(seen, ['a:v1', 'a:v1,b:v1', 'a:v2,b:v1']);
  });

  it('takes over a git checkout of many files at once, and loses none on the way', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `s${index}`).sort();
    const git = async (...args: readonly string[]): Promise<void> => {
      const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
      await promisify(execFile)('git', [...identity, ...args], { cwd: dir.folder.path });
    };
    const writeAll = async (subset: string): Promise<void> => {
      for (const name of names) await dir.write(`${name}.yaml`, virtualServiceYaml(name, subset));
      await git('add', '.');
      await git('commit', '--quiet', '--message', subset);
    };
    await git('init', '--quiet', '--initial-branch', 'one');
    await writeAll('v1');
    await git('checkout', '--quiet', '-b', 'two');
    await writeAll('v2');
    await dir.open();
    const gone: string[] = [];
    dir.store.watch(dir.store.list().version, ({ type, object }) => {
      if (type === 'DELETED') gone.push(object.metadata.name);
    });
    const all = (subset: string): readonly string[] => names.map((name) => `${name}:${subset}`);
    await git('checkout', '--quiet', 'one');
    await dir.become(...all('v1'));
    await git('checkout', '--quiet', 'two');
    await dir.become(...all('v2'));
    assert.deepEqual([gone, dir.problems()], [[], []]);
  });

  it('follows links to files and folders, and writes where they lead', async () => {
    const elsewhere = await makeTemporaryFolder();
    try {
      await mkdir(join(elsewhere.path, 'team'));
      await writeFile(join(elsewhere.path, 'team/a.yaml'), virtualServiceYaml('a', 'v1'));
      await writeFile(join(elsewhere.path, 'b.yaml'), virtualServiceYaml('b', 'v1'));
      await symlink(join(elsewhere.path, 'team'), dir.path('team'));
      await symlink(join(elsewhere.path, 'b.yaml'), dir.path('b.yaml'));
      await symlink('.', dir.path('circle'));
      await dir.open();
      assert.deepEqual([dir.inForce(), dir.problems()], [['a:v1', 'b:v1'], []]);
      await dir.store.replace(virtualServiceObject('b', 'v2'));
      assert.deepEqual(
        [
          await readFile(join(elsewhere.path, 'b.yaml'), 'utf8'),
          (await lstat(dir.path('b.yaml'))).isSymbolicLink(),
        ],
        [virtualServiceYaml('b', 'v2'), true],
      );
      await writeFile(join(elsewhere.path, 'b.yaml'), virtualServiceYaml('b', 'v3'));
      await writeFile(join(elsewhere.path, 'team/a.yaml'), virtualServiceYaml('a', 'v3'));
      await dir.become('a:v3', 'b:v3');
    } finally {
      await elsewhere.remove();
    }
  });

  it('notices the swap of a mounted ConfigMap, whose files are links to a hidden folder', async () => {
    for (const turn of ['1', '2']) {
      await dir.write(`..data-${turn}/a.yaml`, virtualServiceYaml('a', `v${turn}`));
    }
    await symlink('..data-1', dir.path('..data'));
    await symlink('..data/a.yaml', dir.path('a.yaml'));
    await dir.open();
    assert.deepEqual(dir.inForce(), ['a:v1']);
    await symlink('..data-2', dir.path('..data_tmp'));
    await rename(dir.path('..data_tmp'), dir.path('..data'));
    await dir.become('a:v2');
  });
});
