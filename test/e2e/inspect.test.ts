/** What docs/inspecting.md promises of a mesh that runs under Compose. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { Versions } from '../../inspect/versions.ts';
import type { TypeComparison } from '../../inspect/sync-diff.ts';
import { version } from '../../kit/version.ts';
import type { ProxySync } from '../../pilot/debug/sync-status.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { runCmesh } from '../support/run.ts';
import { until } from '../support/until.ts';
import { applyRules, kubectl, onStack, pilot, project, resetRules } from './stack.ts';

interface Said {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const env = { ...process.env, CMESH_PILOT: pilot, BROWSER: '' };

async function cmesh(...args: readonly string[]): Promise<Said> {
  const run = runCmesh(args, { env });
  return { code: await run.ended, output: run.output(), errors: run.errors() };
}

onStack('cmesh, looking into containers', () => {
  let folder: TemporaryFolder;

  before(async () => {
    folder = await makeTemporaryFolder();
    await applyRules('destination-rule-all', 'virtual-service-all-v1');
  });

  after(async () => {
    await resetRules();
    await folder.remove();
  });

  it('sees every sidecar in sync, and that what it runs is what pilot wants', async () => {
    const all = await cmesh('proxy-status', '-o', 'json');
    const proxies = JSON.parse(all.output) as readonly ProxySync[];
    const one = await cmesh('proxy-status', 'reviews/v1', '-o', 'json', '--project', project);
    const { matches, comparisons } = JSON.parse(one.output) as {
      readonly matches: boolean;
      readonly comparisons: readonly TypeComparison[];
    };
    assert.deepEqual(
      {
        codes: [all.code, one.code],
        unsynced: proxies.filter(({ synced }) => !synced).map(({ proxy }) => proxy),
        hasReviews: proxies.filter(({ proxy }) => proxy.startsWith('reviews-')).length,
        matches,
        types: comparisons.map(({ title, count }) => [title, count > 0]),
      },
      {
        codes: [0, 0],
        unsynced: [],
        hasReviews: 3,
        matches: true,
        types: ['Clusters', 'Listeners', 'Routes', 'Endpoints'].map((title) => [title, true]),
      },
    );
  });

  it("reads an Envoy's configuration through its container", async () => {
    const clusters = await cmesh('pc', 'clusters', 'productpage-v1', '--fqdn', 'reviews');
    const endpoints = await cmesh(
      'pc',
      'ep',
      'productpage-v1',
      '-o',
      'json',
      '--status',
      'healthy',
    );
    const routes = await cmesh('pc', 'routes', 'productpage-v1', '--name', '9080');
    const log = await cmesh('pc', 'log', 'productpage-v1', '--level', 'http:debug,router:debug');
    const wrong = await cmesh('pc', 'clusters', 'prodctpage-v1');
    const members = (
      JSON.parse(endpoints.output) as readonly { readonly cluster: string }[]
    ).filter(({ cluster }) => cluster === 'outbound|9080||reviews.service.consul');
    assert.deepEqual(
      {
        codes: [clusters, endpoints, routes, wrong].map(({ code }) => code),
        clusters: clusters.output
          .split('\n')
          .slice(1, -1)
          .map((line) => line.split(/ {2,}/).join(' ')),
        members: members.length,
        rule: routes.output.includes('reviews.default'),
        log: log.code === 0 ? 'set' : log.errors,
        wrong: wrong.errors.includes('did you mean productpage-v1?'),
      },
      {
        codes: [0, 0, 0, 1],
        clusters: ['-', 'v1', 'v2', 'v3'].map(
          (subset) => `reviews.service.consul 9080 ${subset} outbound EDS reviews.default`,
        ),
        members: 3,
        rule: true,
        log: 'set',
        wrong: true,
      },
    );
    await cmesh('pc', 'log', 'productpage-v1', '--reset');
  });

  it('says the versions of pilot, the registrator and every sidecar', async () => {
    const { code, output, errors } = await cmesh('version', '-o', 'json', '--project', project);
    const versions = JSON.parse(output) as Versions;
    assert.deepEqual(
      {
        code,
        errors,
        pilot: versions.pilot,
        registrators: versions.registrators.map((one) => one.version),
        agents: [...new Set(versions.proxies.map(({ agent }) => agent))],
      },
      { code: 0, errors: '', pilot: version, registrators: [version], agents: [version] },
    );
  });

  it('describes a service as it is registered in Consul', async () => {
    const { code, output } = await cmesh('describe', 'service', 'reviews');
    assert.deepEqual(
      {
        code,
        protocol: output.includes('protocol from Consul, Meta protocol (label SERVICE_PROTOCOL'),
        instances: output.match(/^ {3}reviews-v\d\.default .* subset v\d$/gm)?.length,
        rule: output.includes('100% to reviews subset v1'),
      },
      { code: 0, protocol: true, instances: 3, rule: true },
    );
  });

  it('finds the pages of Zipkin and Consul, and brings those of an Envoy to a port', async () => {
    const zipkin = await cmesh('dashboard', 'zipkin', '--no-browser', '--project', project);
    const consul = await cmesh('dashboard', 'consul', '--no-browser', '--project', project);
    const port = await freePort();
    const run = runCmesh(['dashboard', 'envoy', 'reviews-v1', '--port', String(port)], { env });
    await until('the address', () => run.output() !== '' || run.child.exitCode !== null);
    const pages = await Promise.all(
      Array.from({ length: 5 }, async () => (await fetch(`http://127.0.0.1:${port}/stats`)).status),
    );
    run.child.kill('SIGINT');
    assert.deepEqual(
      [zipkin.output, consul.output, run.output(), pages, await run.ended],
      [
        'http://localhost:9411/zipkin/\n',
        'http://localhost:8500/ui/\n',
        `http://localhost:${port}/\n`,
        [200, 200, 200, 200, 200],
        0,
      ],
    );
  });

  it('packs a report of all containers, without a secret', async () => {
    const secret = 'planted-in-a-secret';
    await kubectl('create', 'secret', 'generic', 'planted', `--from-literal=password=${secret}`);
    const path = join(folder.path, 'report.tar.gz');
    const { code, errors } = await cmesh('bug-report', '-o', path, '--project', project);
    await kubectl('delete', 'secret', 'planted');
    const files = await readArchive(path);
    const encoded = Buffer.from(secret).toString('base64');
    assert.deepEqual(
      {
        code,
        complaints: errors.split('\n').slice(1, -1),
        told: [...files].filter(
          ([, content]) => content.includes(secret) || content.includes(encoded),
        ),
        has: [
          `docker/${project}-registrator-1.log`,
          `docker/${project}-reviews-v1-sidecar-1.inspect.json`,
          'proxies/reviews-v1.default/config_dump.json',
          'proxies/reviews-v1.default/stats.txt',
          'resources/virtualservices.yaml',
          'versions.json',
        ].filter((name) => !files.has(name)),
      },
      { code: 0, complaints: [], told: [], has: [] },
    );
  });
});

async function readArchive(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const archive = extract();
  const source = createReadStream(path);
  source.pipe(createGunzip()).pipe(archive);
  for await (const entry of archive) {
    files.set(entry.header.name.replace(/^[^/]+\//, ''), await text(entry));
  }
  if (!source.closed) await once(source, 'close');
  return files;
}
