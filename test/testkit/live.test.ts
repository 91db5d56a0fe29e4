import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { LocalMesh } from '../../local/mesh.ts';
import { readMeshFile } from '../../local/mesh-file.ts';
import { applyFiles } from '../../pilot/client/apply.ts';
import { connectPilot } from '../../pilot/client/connection.ts';
import { recordTerminal } from '../support/recorded-terminal.ts';
import { runExplainCommand } from '../../testkit/command/explain-command.ts';
import { type OpenedMesh, compareRules, openLiveMesh } from '../../testkit/live/live-open.ts';
import { LiveSource } from '../../testkit/live/live-source.ts';
import { MeshPool } from '../../testkit/mesh/mesh-pool.ts';
import { type Surroundings, runTestCommand } from '../../testkit/command/test-command.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { findEnvoy } from '../support/programs.ts';

const root = resolve(import.meta.dirname, '../..');
const path = join(root, 'samples/bookinfo/mesh.yaml');
const networking = join(root, 'samples/bookinfo/networking');
const productpage = { workload: 'productpage-v1', labels: {} };
const jason = 'virtual-service-reviews-jason-v2-v3.yaml';

interface Ran {
  readonly code: number;
  readonly printed: string;
  readonly complained: string;
}

describe('a mesh without containers that runs', () => {
  // What the first hook has opened is closed, also when the hook fails.
  const lifecycle = new Lifecycle();
  let folder: TemporaryFolder;
  let local: LocalMesh;
  let opened: OpenedMesh;
  let server: string;

  before(async () => {
    folder = await makeTemporaryFolder();
    lifecycle.add({ close: folder.remove });
    const read = readMeshFile(path, readFileSync(path, 'utf8'));
    assert.ok(read.ok);
    const port = await freePort();
    local = await LocalMesh.start({
      file: { ...read.file, ingress: read.file.ingress.map((entry) => ({ ...entry, port })) },
      path,
      http: { host: '127.0.0.1', port: 0 },
      config: join(folder.path, 'rules'),
      logs: folder.path,
      registry: { kind: 'none' },
      envoy: findEnvoy,
      ownAddresses: true,
      env: process.env,
      terminal: {
        step: () => undefined,
        progress: () => undefined,
        say: () => undefined,
        trouble: () => undefined,
      },
      verbose: false,
    });
    lifecycle.add(local);
    assert.deepEqual(await local.whenReady(30_000), []);
    server = local.view.api;
    await apply('destination-rule-all.yaml', jason);
    opened = await openLiveMesh({ pilot: { url: server } });
    lifecycle.add(opened.mesh);
  });

  after(() => lifecycle.close());

  async function apply(...names: readonly string[]): Promise<void> {
    const terminal = recordTerminal();
    const places = names.map((name) => join(networking, name));
    const pilot = connectPilot({ url: server });
    try {
      await applyFiles(pilot, { files: { places, isRecursive: false }, dryRun: 'none' }, terminal);
    } finally {
      await pilot.close();
    }
    assert.equal(terminal.complained(), '');
  }

  function test(name: string, anyRules = false): Promise<Ran> {
    const path = `samples/bookinfo/tests/${name}.mesh-test.yaml`;
    return run(path, () => LiveSource.open({ pilot: { url: server }, anyRules }));
  }

  async function run(path: string, openPool: Surroundings['openPool']): Promise<Ran> {
    let printed = '';
    let complained = '';
    const code = await runTestCommand(
      [path],
      { reporter: 'tap' },
      {
        folder: root,
        colours: false,
        openPool,
        signal: new AbortController().signal,
        print: (text) => (printed += text),
        complain: (text) => (complained += text),
      },
    );
    return { code, printed, complained };
  }

  it('tells from its logs who got a request and which rule decided', async () => {
    const request = {
      method: 'GET',
      url: 'http://reviews:9080/reviews/0',
      headers: { 'end-user': 'jason' },
    };
    const { outcome, log, arrivals } = await opened.mesh.call(productpage, request);
    assert.deepEqual(
      [outcome.kind === 'answer' && outcome.status, log?.rule, log?.rulePath, log?.attempts],
      [200, 'VirtualService default/reviews', 'spec.http[0].match[0]', 1],
    );
    // That reviews asks ratings in turn, with the same request id, is another matter.
    assert.deepEqual(
      arrivals.map(({ workload, version, mirrored, request: got }) => [
        workload,
        version,
        mirrored,
        got?.path,
        got?.authority,
      ]),
      [['reviews-v2', 'v2', false, '/reviews/0', 'reviews:9080']],
    );
  });

  it('passes the cases for its rules', async () => {
    const { code, printed, complained } = await test('virtual-service-reviews-jason-v2-v3');
    assert.deepEqual([code, complained], [0, ''], printed);
    assert.match(printed, /^ok 1 /m);
  });

  it('does not take for a rule what is only stored', async () => {
    const response = await fetch(`${server}/api/v1/namespaces/default/configmaps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes' } }),
    });
    assert.equal(response.status, 201, await response.text());
    const { code, complained } = await test('virtual-service-reviews-jason-v2-v3');
    assert.deepEqual([code, complained], [0, '']);
  });

  it('refuses cases for other rules, and tries them when told to', async () => {
    const refused = await test('virtual-service-reviews-v3');
    assert.equal(refused.code, 2);
    assert.match(
      refused.complained,
      /VirtualService default\/reviews is in force with another content/,
    );
    const tried = await test('virtual-service-reviews-v3', true);
    assert.equal(tried.code, 0, tried.printed);
    const failing = await test('virtual-service-all-v1', true);
    assert.equal(failing.code, 1, failing.printed);
  });

  it('lends its registry to cases that are tried without it', async () => {
    const path = join(folder.path, 'registry.mesh-test.yaml');
    const tryWith = async (services: string): Promise<Ran> => {
      await writeFile(
        path,
        `
rules: [${join(networking, 'destination-rule-all.yaml')}, ${join(networking, jason)}]
services: ${services}
cases:
  - name: jason
    from: productpage
    request: { url: 'http://reviews:9080/', headers: { end-user: jason } }
    expect: { service: reviews, version: v2 }
`,
      );
      return run(path, async () => new MeshPool(await findEnvoy()));
    };
    const { code, printed, complained } = await tryWith(server);
    assert.deepEqual([code, complained], [0, ''], printed);
    const refused = await tryWith('http://127.0.0.1:1');
    assert.equal(refused.code, 2);
    assert.match(
      refused.complained,
      /registry\.mesh-test\.yaml:3:11: services: .*no pilot answers at http:\/\/127\.0\.0\.1:1/,
    );
  });

  it('says which versions the cases count on and the mesh has not', async () => {
    const { code, complained } = await test('destination-rule-all', true);
    assert.equal(code, 1);
    assert.match(
      complained,
      /W_LIVE_WORKLOAD ratings: the running mesh has no v2, v2-mysql, v2-mysql-vm of it/,
    );
  });

  it('has the rules after all this that it had before', async () => {
    const again = await openLiveMesh({ pilot: { url: server } });
    await again.mesh.close();
    assert.deepEqual(compareRules(opened.rules, again.rules), []);
  });

  it('is explained, with what its sidecar has in force', async () => {
    let printed = '';
    let complained = '';
    const code = await runExplainCommand(
      ['http://reviews:9080/reviews/0'],
      { from: 'productpage', header: [], rules: [], pilot: { url: server }, live: true },
      {
        folder: root,
        findEnvoy,
        print: (text) => (printed += text),
        complain: (text) => (complained += text),
      },
    );
    const address = local.view.workloads.find(({ name }) => name === 'reviews-v3');
    assert.deepEqual([code, complained], [0, '']);
    assert.match(printed, /VirtualService default\/reviews spec.http\[1\]/);
    assert.ok(printed.includes(`endpoint reviews-v3 at ${address?.address ?? ''}:9080`), printed);
    assert.match(printed, /in force: the sidecar is in sync/);
  });
});
