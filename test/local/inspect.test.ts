import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { DescribedWorkload } from '../../inspect/description.ts';
import type { LocalView } from '../../local/view.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { type Run, runCmesh } from '../support/run.ts';
import { until } from '../support/until.ts';

const base64 = (plain: string): string => Buffer.from(plain).toString('base64');

/** Each is planted once, somewhere; the first six also stand in the log of the application. */
const planted = {
  variable: 'planted-variable-1',
  secret: 'planted-secret-2',
  header: 'planted-header-3',
  apiKey: 'planted-api-key-4',
  configMap: 'planted-config-5',
  jwk: 'cGxhbnRlZC1qd2stNg',
  bearer: 'planted-bearer-7',
  query: 'planted-query-8',
  url: 'planted-url-9',
  flag: 'planted-flag-10',
  pem: 'MIIEowIBAAKCAQEAplanted11',
  jwt: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZC1qd3Q',
};

const said = [
  ...Object.values(planted).slice(0, 6),
  `Authorization: Bearer ${planted.bearer}`,
  `GET /login?access_token=${planted.query}`,
  `postgres://admin:${planted.url}@db/shop`,
  `--api-token ${planted.flag}`,
  `-----BEGIN PRIVATE KEY-----\n${planted.pem}\n-----END PRIVATE KEY-----`,
  planted.jwt,
  'an ordinary line',
].join('\n');

const server = `require('http').createServer((q, r) => r.end('web')).listen(process.env.PORT, process.env.HOST); console.log(require('fs').readFileSync('said.txt', 'utf8'))`;

const rules = `apiVersion: v1
kind: Secret
metadata: { name: credentials }
data: { password: ${base64(planted.secret)} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { db.password: ${planted.configMap}, colour: blue }
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: jwt }
spec:
  jwtRules:
    - issuer: me
      jwks: '{"keys":[{"kty":"oct","kid":"one","k":"${planted.jwk}"}]}'
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [web]
  http:
    - match: [{ headers: { x-api-key: { exact: ${planted.apiKey} } } }]
      route: [{ destination: { host: web } }]
    - route: [{ destination: { host: web } }]
      headers: { request: { set: { authorization: Bearer ${planted.header}, x-colour: green } } }
`;

describe('cmesh, looking into a mesh on this machine', () => {
  let folder: TemporaryFolder;
  let mesh: Run;
  let view: LocalView;

  before(async () => {
    folder = await makeTemporaryFolder();
    await writeFile(join(folder.path, 'said.txt'), said);
    await writeFile(join(folder.path, 'rules.yaml'), rules);
    await writeFile(
      join(folder.path, 'mesh.yaml'),
      JSON.stringify({
        services: {
          web: {
            port: 8000,
            protocol: 'http',
            command: `exec node -e ${JSON.stringify(server)}`,
            env: { TLS_KEY: planted.variable, COLOUR: 'red' },
            versions: { v1: {}, v2: {} },
          },
        },
        ingress: [{ port: await freePort(), service: 'web' }],
      }),
    );
    mesh = runCmesh(['local', '--json', '--http', String(await freePort())], {
      cwd: folder.path,
      env: { ...process.env, TMPDIR: folder.path },
    });
    await until('the mesh', () => mesh.output().endsWith('\n') || mesh.child.exitCode !== null);
    view = JSON.parse(mesh.output()) as LocalView;
    await cmesh('apply', '-f', 'rules.yaml');
    for (const { admin } of [...view.ingress, ...view.workloads]) {
      await until('every Envoy to have the rules', async () =>
        (await (await fetch(`${admin}/config_dump`)).text()).includes('x-api-key'),
      );
    }
  });

  after(async () => {
    mesh.child.kill('SIGTERM');
    if (mesh.child.exitCode === null) await once(mesh.child, 'close');
    await folder.remove();
  });

  interface Result {
    readonly code: number | null;
    readonly output: string;
    readonly errors: string;
  }

  async function cmesh(...args: readonly string[]): Promise<Result> {
    const run = runCmesh(args, {
      cwd: folder.path,
      env: { ...process.env, CMESH_PILOT: view.api },
    });
    return { code: await run.ended, output: run.output(), errors: run.errors() };
  }

  it('finds the Envoys by the names of their workloads, and by those of services and versions', async () => {
    const [one, other, wrong] = await Promise.all([
      cmesh('proxy-status', 'web/v2'),
      cmesh('pc', 'bootstrap', 'web-v1', '-o', 'json'),
      cmesh('pc', 'clusters', 'wbe-v1'),
    ]);
    const { bootstrap } = JSON.parse(other.output) as {
      readonly bootstrap: { readonly node: { readonly id: string } };
    };
    assert.deepEqual(
      {
        match: [one.code, one.output.match(/^\w+ Match/gm)],
        node: bootstrap.node.id.split('~')[2],
        wrong: [wrong.code, wrong.errors.includes('did you mean web-v1? connected are ')],
      },
      {
        match: [0, ['Clusters Match', 'Listeners Match', 'Routes Match', 'Endpoints Match']],
        node: 'web-v1.default',
        wrong: [1, true],
      },
    );
  });

  it('says the versions of all parts', async () => {
    const { code, output } = await cmesh('version', '-o', 'json');
    const { client, pilot, proxies } = JSON.parse(output) as {
      readonly client: string;
      readonly pilot: string;
      readonly proxies: readonly {
        readonly proxy: string;
        readonly agent: string;
        readonly client: string;
      }[];
    };
    assert.deepEqual(
      {
        code,
        pilot,
        proxies: proxies.map((one) => [
          one.proxy,
          one.agent,
          /^envoy 1\.\d+\.\d+$/.test(one.client),
        ]),
      },
      {
        code: 0,
        pilot: client,
        proxies: ['ingress', 'web-v1', 'web-v2'].map((name) => [`${name}.default`, client, true]),
      },
    );
  });

  it('describes a service and a workload with all rules about them', async () => {
    const [service, workload, wrong] = await Promise.all([
      cmesh('describe', 'service', 'web'),
      cmesh('describe', 'workload', 'web/v1', '-o', 'json'),
      cmesh('describe', 'service', 'wbe'),
    ]);
    const { services } = JSON.parse(workload.output) as DescribedWorkload;
    assert.deepEqual(
      {
        service: service.output
          .replaceAll(/127\.\d+\.\d+\.\d+:\d+|240\.240\.\d+\.\d+/g, 'PLACE')
          .replaceAll(folder.path, 'FOLDER')
          .replace(/localhost:\d+/, 'INGRESS'),
        memberships: services.map(({ hostname, up, rules: leading }) => [
          hostname,
          up,
          leading.map(({ resource, path, share }) => `${resource} ${path} ${share.percent}`),
        ]),
        wrong: [wrong.code, wrong.errors],
      },
      {
        service: `Service: web.service.consul (namespace default)
   called web.service.consul, web, web.service; virtual address PLACE; members static
Ports:
   8000   http   requests are routed   protocol from FOLDER/mesh.yaml
From outside:
   http://INGRESS/
Instances that get calls:
   web-v1.default   PLACE   app=web,version=v1
   web-v2.default   PLACE   app=web,version=v2
VirtualService default/web, in this order:
   http[0]   if header x-api-key = ${planted.apiKey}   100% to web
   http[1]   takes everything                          100% to web; changes headers
`,
        memberships: [
          [
            'web.service.consul',
            true,
            [
              'VirtualService default/web spec.http[0] 100',
              'VirtualService default/web spec.http[1] 100',
            ],
          ],
        ],
        wrong: [
          1,
          'cmesh describe service: the mesh has no service wbe: did you mean web? it has web.service.consul\n',
        ],
      },
    );
  });

  it('brings the pages of an Envoy to a port, until it is told to end', async () => {
    const port = await freePort();
    const run = runCmesh(['dashboard', 'envoy', 'web-v1', '--port', String(port), '--no-browser'], {
      cwd: folder.path,
      env: { ...process.env, CMESH_PILOT: view.api },
    });
    await until('the address', () => run.output() !== '' || run.child.exitCode !== null);
    const response = await fetch(`http://127.0.0.1:${port}/ready`);
    const ready = await response.text();
    run.child.kill('SIGINT');
    assert.deepEqual(
      { printed: run.output(), ready, code: await run.ended },
      { printed: `http://localhost:${port}/\n`, ready: 'LIVE\n', code: 0 },
    );
  });

  it('reports all that there is in one archive, without a secret', async () => {
    const { code, output, errors } = await cmesh('bug-report', '--output', 'report.tar.gz');
    const files = await readArchive(join(folder.path, 'report.tar.gz'));
    const told = [...files].flatMap(([path, content]) =>
      Object.entries(planted)
        .filter(([, secret]) => content.includes(secret) || content.includes(base64(secret)))
        .map(([name]) => `${name} in ${path}`),
    );
    const log = files.get('local/logs/web-v1.log') ?? '';
    assert.deepEqual(
      {
        code,
        output,
        counted: errors.startsWith(`${files.size} files, `),
        complaints: errors.split('\n').slice(1, -1),
        told,
        folders: [...new Set([...files.keys()].map((path) => path.split('/')[0]))].sort(),
        proxies: [...files.keys()].filter((path) => path.endsWith('/config_dump.json')).sort(),
        keeps: [
          log.includes('an ordinary line'),
          (files.get('resources/configmaps.yaml') ?? '').includes('colour: blue'),
          (files.get('resources/virtualservices.yaml') ?? '').includes('x-colour: green'),
          (files.get('local/mesh.yaml') ?? '').includes('COLOUR: red'),
          (files.get('proxies/web-v1.default/stats.txt') ?? '').includes('upstream_cx_total'),
        ],
        marks: [log, files.get('resources/secrets.yaml') ?? ''].map((content) =>
          content.includes('[REDACTED]'),
        ),
        mode: (await stat(join(folder.path, 'report.tar.gz'))).mode & 0o777,
        left: (await readdir(folder.path)).filter((name) => name.startsWith('report.tar.gz.')),
      },
      {
        code: 0,
        output: 'report.tar.gz\n',
        counted: true,
        complaints: [],
        told: [],
        folders: [
          'README.txt',
          'local',
          'pilot',
          'proxies',
          'proxy-status.json',
          'proxy-status.txt',
          'resources',
          'versions.json',
        ],
        proxies: ['ingress', 'web-v1', 'web-v2'].map(
          (name) => `proxies/${name}.default/config_dump.json`,
        ),
        keeps: [true, true, true, true, true],
        marks: [true, true],
        mode: 0o600,
        left: [],
      },
    );
  });

  it('reports only what it is asked for, and nothing too big', async () => {
    const [dry, , none, unwritable] = await Promise.all([
      cmesh(
        'bug-report',
        '--dry-run',
        '--include',
        'proxies/web-*',
        '--exclude',
        'proxies/*/stats.txt',
      ),
      cmesh('bug-report', '--include', 'proxies', '--max-size', '0.1', '-o', 'small.tar.gz'),
      cmesh('bug-report', '--include', 'nothing'),
      cmesh('bug-report', '--include', 'versions.json', '-o', 'no-such-folder/report.tar.gz'),
    ]);
    const files = await readArchive(join(folder.path, 'small.tar.gz'));
    assert.deepEqual(
      {
        dry: dry.output.split('\n').filter((line) => /config_dump\.json|stats\.txt/.test(line))
          .length,
        left: (files.get('README.txt') ?? '').includes('config_dump.json: left out for its size'),
        small: files.has('proxies/web-v1.default/certs.json'),
        none: [none.code, none.errors],
        unwritable: [unwritable.code, unwritable.errors.split(':').slice(0, 3)],
      },
      {
        dry: 2,
        left: true,
        small: true,
        none: [
          2,
          'cmesh bug-report: --include and --exclude leave nothing; there are local, pilot, proxies, proxy-status.json, proxy-status.txt, resources, versions.json\n',
        ],
        unwritable: [
          2,
          ['cmesh bug-report', ' cannot write no-such-folder/report.tar.gz', ' ENOENT'],
        ],
      },
    );
  });
});

/** The files below the one folder of an archive. */
async function readArchive(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const archive = extract();
  createReadStream(path).pipe(createGunzip()).pipe(archive);
  for await (const entry of archive) {
    files.set(entry.header.name.replace(/^[^/]+\//, ''), await text(entry));
  }
  return files;
}
