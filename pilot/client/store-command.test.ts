import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { virtualServiceYaml } from '../../test/support/config-objects.ts';
import { TestConsul } from '../../test/support/consul.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../../test/support/folders.ts';
import { recordTerminal } from '../../test/support/recorded-terminal.ts';
import { readStore } from '../store/read-store.ts';
import { parseStoreLocation } from '../store/store-location.ts';
import {
  type ExportFlags,
  type ImportFlags,
  type MigrateFlags,
  type StoreCommandContext,
  exportStore,
  importFiles,
  migrateStore,
} from './store-command.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

const rules = `# The team of reviews.
${virtualServiceYaml('reviews', 'v1').replace('  name:', '  annotations: {b: "2", a: "1"}\n  name:')}---
${virtualServiceYaml('details', 'v1')}`;

describe('cmesh store', () => {
  let consul: TestConsul;
  let folder: TemporaryFolder;
  let prefixes = 0;
  let kv: string;

  before(async () => {
    consul = await TestConsul.start();
  });
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    kv = `${consul.address.replace('http:', 'consul:')}/test-${(prefixes += 1)}`;
    await writeFile(join(folder.path, 'rules.yaml'), rules);
  });
  afterEach(() => folder.remove());
  after(() => consul.stop());

  async function run(
    action: (context: StoreCommandContext) => Promise<number>,
    input = '',
    signal = new AbortController().signal,
  ): Promise<Said> {
    const terminal = recordTerminal(input);
    const code = await action({ terminal, token: undefined, signal });
    const clean = (text: string): string =>
      text.replaceAll(kv, 'KV').replaceAll(folder.path, 'DIR');
    return { code, out: clean(terminal.printed()), errors: clean(terminal.complained()) };
  }
  const migrate = (flags: Partial<MigrateFlags>, signal?: AbortSignal): Promise<Said> =>
    run(
      (context) =>
        migrateStore({ from: `dir:${folder.path}`, to: kv, onConflict: 'fail', ...flags }, context),
      '',
      signal,
    );
  const exported = (flags: Partial<ExportFlags> = {}): Promise<Said> =>
    run((context) => exportStore({ from: `dir:${folder.path}`, ...flags }, context));
  const imported = (flags: Partial<ImportFlags>, input = ''): Promise<Said> =>
    run(
      (context) => importFiles({ to: kv, filename: ['-'], onConflict: 'fail', ...flags }, context),
      input,
    );
  const read = async (place: string): Promise<readonly string[]> => {
    const location = parseStoreLocation(place);
    assert.ok(location);
    const { objects } = await readStore(location);
    return objects.map(({ metadata: { name, uid, creationTimestamp } }) =>
      [name, uid, creationTimestamp].join(' '),
    );
  };

  it('copies a folder into Consul and back, with identities, and finds nothing to do then', async () => {
    const target = join(folder.path, 'copy');
    const said = [
      await migrate({}),
      await migrate({}),
      await migrate({ from: kv, to: `dir:${target}` }),
    ];
    assert.deepEqual(said, [
      { code: 0, out: '2 created\n', errors: '' },
      { code: 0, out: '0 created, 2 unchanged\n', errors: '' },
      { code: 0, out: '2 created\n', errors: '' },
    ]);
    assert.deepEqual(await read(`dir:${target}`), await read(kv));
    assert.deepEqual((await readdir(join(target, 'default'))).sort(), [
      'virtualservice-details.yaml',
      'virtualservice-reviews.yaml',
    ]);
  });

  it('says in a dry run what it would do, and does nothing, not even a folder', async () => {
    const said = [
      await migrate({ dryRun: true }),
      await migrate({ to: `dir:${folder.path}/none`, dryRun: true, output: 'json' }),
    ];
    assert.deepEqual(said, [
      {
        code: 0,
        out: 'create VirtualService default/details\ncreate VirtualService default/reviews\n2 created (dry run)\n',
        errors: '',
      },
      {
        code: 0,
        out: '{"create":2,"overwrite":0,"keep":0,"conflict":0,"unchanged":0,"failed":0,"dryRun":true}\n',
        errors: '',
      },
    ]);
    assert.deepEqual(await readdir(folder.path), ['rules.yaml']);
    const keys = await fetch(`${consul.address}/v1/kv/test-${prefixes}/?keys=true`);
    assert.equal(keys.status, 404);
  });

  it('writes over what is there only when it is told to', async () => {
    await imported({}, virtualServiceYaml('reviews', 'v9'));
    const said = [
      await migrate({}),
      await migrate({ onConflict: 'keep' }),
      await migrate({ onConflict: 'overwrite' }),
    ];
    assert.deepEqual(said, [
      {
        code: 1,
        out: '',
        errors:
          'VirtualService default/reviews is in KV already, with another content\n' +
          'nothing has been written: say --on-conflict overwrite, or keep what is there with --on-conflict keep\n',
      },
      { code: 0, out: '1 created, 1 kept as it was there\n', errors: '' },
      { code: 0, out: '0 created, 1 overwritten, 1 unchanged\n', errors: '' },
    ]);
  });

  it('writes nothing when there is a mistake in what it reads', async () => {
    await writeFile(join(folder.path, 'wrong.yaml'), virtualServiceYaml('wrong', 'N_O'));
    const place = 'VirtualService default/wrong: spec.http[0].route[0].destination.subset';
    const mistake = `${place}: Invalid value: "N_O": must be letters, digits and -, at most 63 of them`;
    const said = [
      await migrate({}),
      await imported({ filename: [folder.path] }),
      await imported({}, `${virtualServiceYaml('a', 'v1')}---\n${virtualServiceYaml('a', 'v2')}`),
    ];
    const nothing = 'nothing has been written: correct the mistakes first\n';
    assert.deepEqual(said, [
      { code: 1, out: '', errors: `E_FIELD_INVALID wrong.yaml:13:21 ${mistake}\n${nothing}` },
      { code: 1, out: '', errors: `E_FIELD_INVALID DIR/wrong.yaml:13:21 ${mistake}\n${nothing}` },
      {
        code: 1,
        out: '',
        errors: `E_DUPLICATE_OBJECT -:14 VirtualService default/a: the object is already in -:1; remove one of the two\n${nothing}`,
      },
    ]);
    assert.deepEqual(await read(kv), []);
  });

  it('takes in the items of a List, and says what it leaves out', async () => {
    const item = (name: string, kind = 'VirtualService'): string =>
      `- ${virtualServiceYaml(name, 'v1').trimEnd().replace('VirtualService', kind).replaceAll('\n', '\n  ')}\n`;
    const list = `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b')}`;
    const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n';
    const said = [
      await imported({}, list + item('c', 'VirtualServce')),
      await imported({}, `${list}---\n${pod}`),
    ];
    const unknown = (kind: string): string => `kind: Invalid value: ${kind}`;
    assert.deepEqual(said, [
      {
        code: 1,
        out: '',
        errors: `E_KIND_UNKNOWN -:31:9 VirtualServce: ${unknown('"networking.istio.io/v1 VirtualServce": is not a kind of the mesh (did you mean "VirtualService"?)')}\nnothing has been written: correct the mistakes first\n`,
      },
      {
        code: 0,
        out: '2 created\n',
        errors: `left out: E_KIND_UNKNOWN -:32:7 Pod: ${unknown('"v1 Pod": is not a kind of the mesh')}\n`,
      },
    ]);
    assert.deepEqual(
      (await read(kv)).map((line) => line.split(' ')[0]),
      ['a', 'b'],
    );
  });

  it('exports the same text from every store, and takes it in again', async () => {
    await migrate({});
    const [fromDir, fromConsul] = [await exported(), await exported({ from: kv })];
    const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: details
  namespace: default
${virtualServiceYaml('details', 'v1').replace(/^[^]*?(?=spec:)/, '')}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: default
  annotations:
    a: "1"
    b: "2"
${virtualServiceYaml('reviews', 'v1').replace(/^[^]*?(?=spec:)/, '')}`;
    assert.deepEqual([fromDir, fromConsul], Array(2).fill({ code: 0, out: text, errors: '' }));
    assert.deepEqual(await imported({}, text), {
      code: 0,
      out: '0 created, 2 unchanged\n',
      errors: '',
    });
    const file = join(folder.path, 'backup.txt');
    await exported({ from: kv, file, withIdentity: true });
    const other = `${kv}-other`;
    await imported({ to: other }, await readFile(file, 'utf8'));
    assert.deepEqual(await read(other), await read(kv));
  });

  it('stops between two writes when it is interrupted, and is finished by doing it again', async () => {
    const said = [await migrate({}, AbortSignal.abort()), await migrate({})];
    const reason = 'interrupted before it was written';
    assert.deepEqual(said, [
      {
        code: 1,
        out: '0 created, 2 failed\n',
        errors: `VirtualService default/details: ${reason}\nVirtualService default/reviews: ${reason}\n`,
      },
      { code: 0, out: '2 created\n', errors: '' },
    ]);
  });

  it('says what is wrong with the stores it is given', async () => {
    const mistakes: readonly (readonly [Partial<MigrateFlags>, string, RegExp])[] = [
      [{ from: 'etcd://x' }, 'E_USAGE', /--from "etcd:\/\/x" is not dir:PATH or consul:/],
      [{ to: 'memory' }, 'E_USAGE', /--to "memory" is not dir:PATH or consul:/],
      [{ from: 'dir:/none/such' }, 'E_USAGE', /dir:\/none\/such: no such directory/],
      [{ to: `dir:${folder.path}` }, 'E_USAGE', /are the same store/],
      [{ onConflict: 'ask' }, 'E_USAGE', /--on-conflict "ask" is not one of fail, overwrite, keep/],
      [{ output: 'yaml' }, 'E_USAGE', /--output "yaml" is not json/],
      [{ to: 'consul://127.0.0.1:1' }, 'E_UNAVAILABLE', /does not answer/],
    ];
    for (const [flags, code, message] of mistakes) {
      await assert.rejects(migrate(flags), { code, message }, JSON.stringify(flags));
    }
  });
});
