import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LocalMesh } from '../../local/mesh.ts';
import { type MeshFile, readMeshFile } from '../../local/mesh-file.ts';
import type { Terminal } from '../../local/terminal.ts';
import { applyFiles } from '../../pilot/client/apply.ts';
import { connectPilot } from '../../pilot/client/connection.ts';
import { linesOf, recordTerminal } from '../support/recorded-terminal.ts';
import { virtualServiceYaml } from '../support/config-objects.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { findEnvoy } from '../support/programs.ts';
import { until } from '../support/until.ts';

const root = resolve(import.meta.dirname, '../..');
const path = join(root, 'samples/bookinfo/mesh.yaml');
const networking = join(root, 'samples/bookinfo/networking');

async function readBookinfo(): Promise<MeshFile> {
  assert.ok(existsSync(join(root, 'dist/samples/bookinfo')), 'run `npm run ready` first');
  const read = readMeshFile(path, readFileSync(path, 'utf8'));
  assert.ok(read.ok);
  const port = await freePort();
  return { ...read.file, ingress: read.file.ingress.map((entry) => ({ ...entry, port })) };
}

/** Bookinfo as `npm start` runs it, but for its ports. */
class EmbeddedBookinfo {
  readonly mesh: LocalMesh;
  readonly rules: string;
  /** What was said of trouble. */
  readonly trouble: readonly string[];
  readonly #folder: TemporaryFolder;

  private constructor(mesh: LocalMesh, folder: TemporaryFolder, trouble: readonly string[]) {
    this.mesh = mesh;
    this.rules = join(folder.path, 'rules');
    this.trouble = trouble;
    this.#folder = folder;
  }

  static async start(ownAddresses: boolean): Promise<EmbeddedBookinfo> {
    const folder = await makeTemporaryFolder();
    const trouble: string[] = [];
    const terminal: Terminal = {
      step: () => undefined,
      progress: () => undefined,
      say: () => undefined,
      trouble: (part, text) => trouble.push(`${part}: ${text}`),
    };
    const mesh = await LocalMesh.start({
      file: await readBookinfo(),
      path,
      http: { host: '127.0.0.1', port: 0 },
      config: join(folder.path, 'rules'),
      logs: folder.path,
      registry: { kind: 'none' },
      envoy: findEnvoy,
      ownAddresses,
      env: process.env,
      terminal,
      verbose: false,
    });
    assert.deepEqual(await mesh.whenReady(30_000), []);
    return new EmbeddedBookinfo(mesh, folder, trouble);
  }

  get page(): string {
    return this.mesh.view.ingress[0]?.url ?? '';
  }

  /** The version of reviews that the page shows; undefined when it could not be had. */
  async version(): Promise<string | undefined> {
    const response = await fetch(this.page).catch(() => undefined);
    return /reviews-(v\d)/.exec((await response?.text()) ?? '')?.[1];
  }

  /** Waits until the page has shown only `version` for ten times on end; the time until the first of them (ms). */
  async whenOnly(version: string): Promise<number> {
    const start = performance.now();
    let since: number | undefined;
    let times = 0;
    await until(`only ${version} on the page`, async () => {
      const same = (await this.version()) === version;
      times = same ? times + 1 : 0;
      since = same ? (since ?? performance.now()) : undefined;
      return times === 10;
    });
    return (since ?? Infinity) - start;
  }

  async close(): Promise<void> {
    await this.mesh.close();
    await this.#folder.remove();
  }
}

describe('Bookinfo without containers', () => {
  let bookinfo: EmbeddedBookinfo;
  let subsets: string;

  before(async () => {
    bookinfo = await EmbeddedBookinfo.start(true);
    subsets = readFileSync(join(networking, 'destination-rule-all.yaml'), 'utf8');
  });

  after(() => bookinfo.close());

  it('shows its page with every version of reviews in turn', async () => {
    const seen = new Set<string>();
    await until('all versions on the page', async () => {
      const version = await bookinfo.version();
      if (version !== undefined) seen.add(version);
      return seen.size === 3;
    });
    assert.deepEqual([...seen].sort(), ['v1', 'v2', 'v3']);
  });

  it('shows under /debug/local what it consists of', async () => {
    const response = await fetch(`${bookinfo.mesh.view.api}/debug/local`);
    assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(bookinfo.mesh.view)));
  });

  it('writes what goes through an Envoy into its access log', async () => {
    const { workloads } = bookinfo.mesh.view;
    const log = workloads.find(({ name }) => name === 'reviews-v3')?.accessLog ?? '';
    await until('calls of reviews to ratings', async () => {
      await bookinfo.version();
      return /"GET .*\/ratings\/0.* outbound\|9080\|\|ratings\.service\.consul/.test(
        readFileSync(log, 'utf8'),
      );
    });
  });

  it('follows rules that come over the API', async () => {
    const terminal = recordTerminal();
    const pilot = connectPilot({ url: bookinfo.mesh.view.api });
    const places = ['destination-rule-all.yaml', 'virtual-service-all-v1.yaml'].map((file) =>
      join(networking, file),
    );
    const files = { places, isRecursive: false };
    const code = await applyFiles(pilot, { files, dryRun: 'none' }, terminal);
    await pilot.close();
    assert.deepEqual([code, linesOf(terminal.printed()).length, terminal.complained()], [0, 8, '']);
    await bookinfo.whenOnly('v1');
  });

  it('follows a rule file within a second of its save', async () => {
    const file = join(bookinfo.rules, 'mine.yaml');
    const server = bookinfo.mesh.view.api;
    await fetch(
      `${server}/apis/networking.istio.io/v1/namespaces/default/virtualservices/reviews`,
      { method: 'DELETE' },
    );
    const times = [];
    for (const version of ['v2', 'v3', 'v2', 'v3']) {
      await writeFile(`${file}.new`, virtualServiceYaml('reviews', version));
      await rename(`${file}.new`, file);
      times.push(await bookinfo.whenOnly(version));
    }
    // A machine with other work may be slow at times, but not each time.
    assert.ok(Math.min(...times) < 1000, `changes took ${times.join(', ')} ms`);
  });

  it('keeps the last good rules when a file is broken, and says where', async () => {
    await writeFile(join(bookinfo.rules, 'mine.yaml'), 'kind: [\n');
    await until('the problem', () =>
      bookinfo.trouble.some((line) => line.includes('E_YAML mine.yaml:2:1')),
    );
    await bookinfo.whenOnly('v3');
    await rm(join(bookinfo.rules, 'mine.yaml'));
  });

  it('goes on without a service that crashes, and starts it again', async () => {
    await writeFile(join(bookinfo.rules, 'subsets.yaml'), subsets);
    const victim = bookinfo.mesh.view.workloads.find(({ name }) => name === 'reviews-v2');
    assert.ok(victim?.pid !== undefined);
    process.kill(victim.pid, 'SIGKILL');
    await until('the crash to be told', () =>
      bookinfo.trouble.some((line) => line.startsWith('reviews-v2: was ended by SIGKILL after')),
    );
    const versions = await Promise.all(Array.from({ length: 10 }, () => bookinfo.version()));
    assert.ok(!versions.includes(undefined), `the page was not served: ${versions.join()}`);
    const again = await until('reviews-v2 to be up again', () => {
      const found = bookinfo.mesh.view.workloads.find(({ name }) => name === 'reviews-v2');
      return found?.up === true && found.pid !== victim.pid ? found : undefined;
    });
    assert.equal(again.appPort, victim.appPort);
    await until('reviews-v2 on the page', async () => (await bookinfo.version()) === 'v2');
  });

  it('starts an Envoy again that crashes', async () => {
    const page = bookinfo.mesh.view.workloads.find(({ name }) => name === 'productpage-v1');
    assert.ok(page?.envoyPid !== undefined);
    process.kill(page.envoyPid, 'SIGKILL');
    await until('the crash to be told', () =>
      bookinfo.trouble.some((line) =>
        line.startsWith('productpage-v1 (Envoy): Envoy ended by itself'),
      ),
    );
    await until('the page', async () => (await bookinfo.version()) !== undefined);
  });
});

describe('Bookinfo where all share one loopback address', () => {
  let bookinfo: EmbeddedBookinfo;

  before(async () => {
    bookinfo = await EmbeddedBookinfo.start(false);
  });

  after(() => bookinfo.close());

  it('is told apart by ports, and shows its page by the rules', async () => {
    const { workloads } = bookinfo.mesh.view;
    const ports = new Set(workloads.map(({ port }) => port));
    assert.deepEqual(
      [new Set(workloads.map(({ address }) => address)), ports.size],
      [new Set(['127.0.0.1']), workloads.length],
    );
    const seen = new Set<string | undefined>();
    await until(
      'all versions on the page',
      async () => seen.add(await bookinfo.version()).size === 3,
    );
    await writeFile(
      join(bookinfo.rules, 'mine.yaml'),
      `${readFileSync(join(networking, 'destination-rule-all.yaml'), 'utf8')}\n---\n${virtualServiceYaml('reviews', 'v3')}`,
    );
    await bookinfo.whenOnly('v3');
  });
});
