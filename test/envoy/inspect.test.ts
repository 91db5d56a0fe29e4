import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConfigSection,
  type ProxyConfigFlags,
  runProxyConfig,
} from '../../inspect/proxy-config.ts';
import { runProxyStatus } from '../../inspect/proxy-status.ts';
import { type MeshView, viewMesh } from '../../inspect/mesh-view.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { connectPilot } from '../../pilot/client/connection.ts';
import { RealEnvoy } from '../support/real-envoy.ts';
import { recordTerminal } from '../support/recorded-terminal.ts';
import { TestMesh, destinationRule, to, versionsOf, virtualService } from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

/** Cells of a table, without its widths; ages, ports and addresses of this run are no matter. */
function cells(text: string): readonly (readonly string[])[] {
  return text
    .replaceAll(/\((\d+[dhms])+\)/g, '(age)')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST:PORT')
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/ {3,}/));
}

describe('cmesh, looking into real Envoys', () => {
  const lifecycle = new Lifecycle();
  let mesh: TestMesh;
  let view: MeshView;
  let admin: string;

  before(async () => {
    mesh = await TestMesh.start();
    lifecycle.add(mesh);
    view = viewMesh(lifecycle.add(connectPilot({ url: mesh.pilot.http })));
    await mesh.startService('reviews', 'v1', 'v2');
    const proxy = await mesh.startProxy('127.0.0.1', { labels: { app: 'caller', version: 'v1' } });
    admin = proxy.envoy.admin;
    await mesh.use(
      versionsOf('reviews', 'v1', 'v2'),
      virtualService(
        'reviews',
        { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: [to('reviews', 'v2')] },
        { route: [to('reviews', 'v1')] },
      ),
    );
  });

  after(() => lifecycle.close());

  async function show(
    section: ConfigSection,
    flags: Partial<ProxyConfigFlags> = {},
    input = '',
  ): Promise<string> {
    const terminal = recordTerminal(input);
    const all = { output: 'short', ...(flags.file === undefined ? { admin } : {}), ...flags };
    await runProxyConfig(section, undefined, all, { terminal, mesh: () => view, now: Date.now() });
    return terminal.printed();
  }

  it('show every proxy with what it has, and that it has what pilot wants', async () => {
    const all = recordTerminal();
    const one = recordTerminal();
    const options = { mesh: view, now: Date.now() };
    const codes = [
      await runProxyStatus(undefined, { output: 'short' }, { ...options, terminal: all }),
      await runProxyStatus('caller/v1', { output: 'short', admin }, { ...options, terminal: one }),
    ];
    const synced = 'SYNCED (age)';
    assert.deepEqual(
      { codes, all: cells(all.printed()), one: one.printed().replaceAll(/ \(.*\)/g, '') },
      {
        codes: [0, 0],
        all: [
          ['NAME', 'NAMESPACE', 'CDS', 'LDS', 'EDS', 'RDS', 'ECDS', 'PILOT', 'VERSION'],
          [
            'test-127.0.0.1.default',
            'default',
            synced,
            synced,
            synced,
            synced,
            'NOT SENT',
            await view.version(),
            '-',
          ],
        ],
        one: 'Clusters Match\nListeners Match\nRoutes Match\nEndpoints Match\n',
      },
    );
  });

  it('show clusters as istioctl does', async () => {
    assert.deepEqual(cells(await show('clusters', { direction: 'outbound' })), [
      ['SERVICE FQDN', 'PORT', 'SUBSET', 'DIRECTION', 'TYPE', 'DESTINATION RULE'],
      ['reviews.service.consul', '9080', '-', 'outbound', 'EDS'],
      ['reviews.service.consul', '9080', 'v1', 'outbound', 'EDS'],
      ['reviews.service.consul', '9080', 'v2', 'outbound', 'EDS'],
    ]);
    assert.deepEqual(
      (
        JSON.parse(await show('clusters', { subset: 'v2', output: 'json' })) as { name: string }[]
      ).map(({ name }) => name),
      ['outbound|9080|v2|reviews.service.consul'],
    );
  });

  it('show what becomes of connections', async () => {
    const rows = cells(await show('listeners', { port: '9080' }));
    assert.deepEqual(
      rows.map((row) => row.map((cell) => cell.replace(/240\.240\.\d+\.\d+/, 'VIRTUAL'))),
      [
        ['ADDRESSES', 'PORT', 'MATCH', 'DESTINATION'],
        ['0.0.0.0', '9080', 'App: h2c,http/1.0,http/1.1', 'Route: 9080'],
        [
          '0.0.0.0',
          '9080',
          'Caller: speaks; Addr: VIRTUAL',
          'Cluster: outbound|9080||reviews.service.consul',
        ],
        ['0.0.0.0', '9080', 'Caller: silent; Addr: VIRTUAL', 'Route: 9080'],
        ['0.0.0.0', '9080', 'ALL', 'PassthroughCluster'],
      ],
    );
  });

  it('say which listeners there are where none is as asked for', async () => {
    assert.match(
      await show('listeners', { port: '9999' }),
      /^No listeners found for --port 9999; there are (.+, )?0\.0\.0\.0:9080(, .+)?\.\n$/,
    );
    await assert.rejects(show('listeners', { type: 'UDP' }), {
      code: 'E_USAGE',
      message: '--type "UDP" is neither HTTP nor TCP',
    });
  });

  it('show routes with what they ask for and the rule that made them', async () => {
    const [, first, second] = cells(await show('routes', { name: '9080' }));
    assert.match(
      await show('routes', { name: '9999' }),
      /^No routes found for --name 9999; there are (.+, )?9080(, .+)?\.\n$/,
    );
    assert.deepEqual(
      [first?.slice(3), second?.slice(3)],
      [
        ['/* headers end-user', 'reviews.default'],
        ['/*', 'reviews.default'],
      ],
    );
  });

  it('show endpoints with their health, live and from a saved dump', async () => {
    const cluster = 'outbound|9080|v1|reviews.service.consul';
    const wanted = [
      ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'],
      ['HOST:PORT', 'HEALTHY', 'OK', cluster],
    ];
    const saved = await show('all', { output: 'json' });
    const folder = await mkdtemp(join(tmpdir(), 'composemesh-dump-'));
    const file = join(folder, 'dump.json');
    await writeFile(file, saved);
    const shown = [
      cells(await show('endpoints', { cluster })),
      cells(await show('endpoints', { cluster, file })),
      cells(await show('endpoints', { cluster, file: '-' }, saved)),
    ];
    await rm(folder, { recursive: true });
    assert.deepEqual(shown, [wanted, wanted, wanted]);
    assert.equal(
      await show('endpoints', { cluster, status: 'unhealthy' }),
      `No endpoints found for --cluster ${cluster} --status unhealthy.\n`,
    );
  });

  it('set log levels, and put them back', async () => {
    const set = await show('log', { level: 'http:debug,router:trace' });
    const other = show('log', { level: 'htpp:debug' });
    await assert.rejects(other, { message: 'Envoy has no logger htpp: did you mean http?' });
    const levels = JSON.parse(await show('log', { output: 'json' })) as Record<string, string>;
    assert.deepEqual([levels['http'], levels['router']], ['debug', 'trace']);
    const reset = await show('log', { reset: true });
    assert.deepEqual(
      [
        set,
        [
          ...new Set(
            reset
              .split('\n')
              .slice(1, -1)
              .map((line) => line.split(': ')[1]),
          ),
        ],
      ],
      ['active loggers:\n  http: debug\n  router: trace\n', ['warning']],
    );
  });

  it('refuse what cannot be, in words', async () => {
    const message = async (given: Promise<unknown>): Promise<string> =>
      given.then(
        () => 'no error',
        (error: unknown) => (error as Error).message,
      );
    assert.deepEqual(
      [
        await message(show('clusters', { port: 'http' })),
        await message(show('clusters', { direction: 'up' })),
        await message(show('clusters', { file: '-' }, '{}')),
        await message(show('log', { level: 'loud' })),
        await message(show('clusters', { admin: 'nowhere' })),
      ],
      [
        '--port "http" is not a port number',
        '--direction "up" is neither inbound nor outbound',
        'that is no configuration dump of Envoy: it has no "configs"; GET /config_dump?include_eds of the admin interface gives one',
        '"loud" is no level; write LEVEL or LOGGER:LEVEL, with a level of trace, debug, info, warning, error, critical, off',
        '--admin "nowhere" is not HOST:PORT, such as 127.0.0.1:15000',
      ],
    );
  });
});

describe('an Envoy that refuses a rule', () => {
  const lifecycle = new Lifecycle();
  let view: MeshView;
  let envoy: RealEnvoy;

  before(async () => {
    const mesh = await TestMesh.start();
    // Not TestMesh's own closing: that one takes a rejection for a fault.
    lifecycle.add(mesh.pilot);
    view = viewMesh(lifecycle.add(connectPilot({ url: mesh.pilot.http })));
    await mesh.declare({ name: 'reviews', members: [{ port: 9080 }] });
    await mesh.declare({ name: 'ratings', members: [{ port: 9080 }] });
    await mesh.put(virtualService('ratings', { route: [to('ratings')] }));
    envoy = lifecycle.add(
      await RealEnvoy.start({
        pilot: mesh.pilot.grpc,
        address: '127.0.0.1',
        runtime: { 're2.max_program_size.error_level': 20 },
      }),
    );
    await mesh.put(
      virtualService(
        'reviews',
        { match: [{ uri: { exact: '/health' } }], route: [to('reviews')] },
        { match: [{ uri: { regex: '/reviews/[0-9a-f]{40}' } }], route: [to('reviews')] },
      ),
    );
    await mesh.put(
      destinationRule('ratings', {
        trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } },
      }),
    );
    await until('a rejection', async () =>
      (await view.syncs()).some(({ types }) => types.route?.state === 'nack'),
    );
    // What was written last may come with a push of its own.
    await mesh.settled();
  });

  after(() => lifecycle.close());

  it('is shown with its own words, and with the field that they are about', async () => {
    const terminal = recordTerminal();
    const options = { terminal, mesh: view, now: Date.now() };
    const code = await runProxyStatus(undefined, { output: 'short' }, options);
    const [head, row, , ...report] = terminal.printed().split('\n');
    assert.deepEqual(
      {
        code,
        rds: cells(row ?? '')[0]?.[5],
        column: cells(head ?? '')[0]?.[5],
        report: report.map((line) =>
          line.replace(/ Envoy says: .*program size.*$/, ' Envoy says: …'),
        ),
      },
      {
        code: 1,
        rds: 'NACK (age)',
        column: 'RDS',
        report: [
          'NACK test-127.0.0.1.default refuses RDS 9080 and keeps what it had',
          '  Envoy says: …',
          '  it comes from',
          '    VirtualService default/reviews: spec.http[1].match[0].uri.regex',
          '',
        ],
      },
    );
  });

  it('differs from what pilot wants in just this', async () => {
    const terminal = recordTerminal();
    const options = { terminal, mesh: view, now: Date.now() };
    const flags = { output: 'short', admin: envoy.admin };
    const code = await runProxyStatus('test-127', flags, options);
    const printed = terminal.printed();
    assert.deepEqual(
      {
        code,
        heads: printed.match(/^\w+ (Match|Don't Match)/gm),
        added: /^-\s+regex: \/reviews\/\[0-9a-f\]\{40\}$/m.test(printed),
        labels: printed.match(/^(---|\+\+\+) .*$/gm),
      },
      {
        code: 1,
        heads: ['Clusters Match', 'Listeners Match', "Routes Don't Match", 'Endpoints Match'],
        added: true,
        labels: ['--- pilot route 9080', '+++ Envoy route 9080'],
      },
    );
  });
});
