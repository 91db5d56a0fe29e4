/** What gliderlabs/registrator's own documentation shows, run as it stands against a real Consul. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Lifecycle } from '../kit/lifecycle.ts';
import { idOf, inspectReply, type ContainerSketch } from '../test/fakes/containers.ts';
import { FakeEngine } from '../test/fakes/docker.ts';
import { TestConsul } from '../test/support/consul.ts';
import { freePort } from '../test/support/ports.ts';
import { findConsul } from '../test/support/programs.ts';
import { startRegistrator, type RunningRegistrator } from '../test/support/registrator.ts';
import { until } from '../test/support/until.ts';

/** `-p host:container`, as the Engine shows it. */
function publish(ports: Readonly<Record<string, string>>): Required<ContainerSketch>['published'] {
  return Object.fromEntries(
    Object.entries(ports).map(([port, HostPort]) => [port, [{ HostIp: '0.0.0.0', HostPort }]]),
  );
}

describe("gliderlabs/registrator's documented examples", () => {
  let consul: TestConsul;
  let engine: FakeEngine;
  let life: Lifecycle;

  const start = (...flags: string[]): RunningRegistrator => {
    const argv = ['-ip=192.168.1.102', ...flags, consul.address.replace('http:', 'consul:')];
    const running = startRegistrator(argv, { DOCKER_HOST: engine.dockerHost });
    life.add({
      close: async () => {
        await running.stop();
      },
    });
    return running;
  };
  const services = (count: number): Promise<readonly AgentService[]> =>
    until(`${count} services`, async () => {
      const all = Object.values(await consul.get<Record<string, AgentService>>('/agent/services'));
      return all.length === count ? all.sort((a, b) => (a.ID < b.ID ? -1 : 1)) : undefined;
    });
  /** In the words of its documentation. */
  const show = ({ ID, Service: Name, Port, Address: IP, Tags, Meta }: AgentService): object => {
    const own = /^(composemesh|compose)-/;
    const Attrs = Object.fromEntries(Object.entries(Meta).filter(([key]) => !own.test(key)));
    return { ID, Name, Port, IP, Tags, Attrs };
  };

  before(async () => {
    consul = await TestConsul.start({ enable_script_checks: true });
  });

  after(() => consul.stop());

  beforeEach(async () => {
    life = new Lifecycle();
    engine = await FakeEngine.start();
    life.add({ close: () => engine.stop() });
  });

  afterEach(async () => {
    await life.close();
    for (const id of Object.keys(await consul.get<object>('/agent/services'))) {
      await consul.put(`/agent/service/deregister/${id}`);
    }
  });

  const redis = {
    name: 'redis.0',
    image: 'progrium/redis',
    published: publish({ '6379/tcp': '10000' }),
  };
  const nginx = {
    name: 'nginx.0',
    image: 'progrium/nginx',
    published: publish({ '443/tcp': '4443', '80/tcp': '8000' }),
  };
  const ip = { IP: '192.168.1.102' };
  const db = {
    ID: 'fakehost:redis.0:6379',
    Name: 'db',
    Port: 10000,
    ...ip,
    Tags: ['master', 'backups'],
    Attrs: { region: 'us2' },
  };
  const examples: readonly (readonly [string, ContainerSketch, readonly object[]])[] = [
    [
      'a single service with defaults',
      redis,
      [
        {
          ID: 'fakehost:redis.0:6379',
          Name: 'redis',
          Port: 10000,
          ...ip,
          Tags: [],
          Attrs: {},
        },
      ],
    ],
    [
      'a single service with metadata',
      {
        ...redis,
        env: ['SERVICE_NAME=db', 'SERVICE_TAGS=master,backups', 'SERVICE_REGION=us2'],
      },
      [db],
    ],
    [
      'a tag with an escaped comma',
      {
        ...redis,
        env: ['SERVICE_NAME=db', 'SERVICE_TAGS=/(;\\,:-_)/', 'SERVICE_REGION=us2'],
      },
      [{ ...db, Tags: ['/(;,:-_)/'] }],
    ],
    [
      'multiple services with defaults',
      nginx,
      [
        {
          ID: 'fakehost:nginx.0:443',
          Name: 'nginx-443',
          Port: 4443,
          ...ip,
          Tags: [],
          Attrs: {},
        },
        { ID: 'fakehost:nginx.0:80', Name: 'nginx-80', Port: 8000, ...ip, Tags: [], Attrs: {} },
      ],
    ],
    [
      'multiple services with metadata',
      {
        ...nginx,
        env: [
          'SERVICE_443_NAME=https',
          'SERVICE_443_ID=https.12345',
          'SERVICE_443_SNI=enabled',
          'SERVICE_80_NAME=http',
          'SERVICE_TAGS=www',
        ],
      },
      [
        {
          ID: 'fakehost:nginx.0:80',
          Name: 'http',
          Port: 8000,
          ...ip,
          Tags: ['www'],
          Attrs: {},
        },
        {
          ID: 'https.12345',
          Name: 'https',
          Port: 4443,
          ...ip,
          Tags: ['www'],
          Attrs: { sni: 'enabled' },
        },
      ],
    ],
    [
      'labels that define metadata',
      {
        ...redis,
        image: 'dockerfile/redis',
        labels: { SERVICE_NAME: 'db', SERVICE_TAGS: 'master,backups', SERVICE_REGION: 'us2' },
      },
      [db],
    ],
  ];
  for (const [what, sketch, expected] of examples) {
    it(`give ${what}`, async () => {
      engine.set(inspectReply(sketch));
      start();
      assert.deepEqual((await services(expected.length)).map(show), expected);
    });
  }

  const checks: readonly (readonly [string, readonly string[], object])[] = [
    [
      'HTTP',
      [
        'SERVICE_80_CHECK_HTTP=/health/endpoint/path',
        'SERVICE_80_CHECK_INTERVAL=15s',
        'SERVICE_80_CHECK_TIMEOUT=1s',
        'SERVICE_80_CHECK_HTTP_METHOD=HEAD',
      ],
      {
        Type: 'http',
        Interval: '15s',
        Timeout: '1s',
        Notes: 'HEAD http://192.168.1.102:8080/health/endpoint/path every 15s, timeout 1s',
      },
    ],
    [
      'HTTPS',
      [
        'SERVICE_80_CHECK_HTTPS=/health/endpoint/path',
        'SERVICE_80_CHECK_INTERVAL=15s',
        'SERVICE_80_CHECK_TIMEOUT=1s',
        'SERVICE_80_CHECK_HTTPS_METHOD=HEAD',
      ],
      {
        Type: 'http',
        Interval: '15s',
        Timeout: '1s',
        Notes: 'HEAD https://192.168.1.102:8080/health/endpoint/path every 15s, timeout 1s',
      },
    ],
    [
      'TCP',
      ['SERVICE_80_CHECK_TCP=true', 'SERVICE_80_CHECK_INTERVAL=15s', 'SERVICE_80_CHECK_TIMEOUT=3s'],
      {
        Type: 'tcp',
        Interval: '15s',
        Timeout: '3s',
        Notes: 'connect to 192.168.1.102:8080 every 15s, timeout 3s',
      },
    ],
    [
      'script',
      ['SERVICE_CHECK_SCRIPT=nc $SERVICE_IP $SERVICE_PORT | grep OK'],
      {
        Type: 'script',
        Interval: '10s',
        Timeout: '',
        Notes:
          'beside Consul, for 192.168.1.102 8080, every 10s, timeout default: ' +
          'nc $SERVICE_IP $SERVICE_PORT | grep OK',
      },
    ],
    [
      'TTL',
      ['SERVICE_CHECK_TTL=30s'],
      {
        Type: 'ttl',
        Interval: '',
        Timeout: '',
        Notes: 'the application reports at least every 30s',
      },
    ],
    [
      'gRPC',
      [
        'SERVICE_CHECK_GRPC=true',
        'SERVICE_CHECK_INTERVAL=5s',
        'SERVICE_CHECK_TIMEOUT=3s',
        'SERVICE_CHECK_GRPC_USE_TLS=true',
        'SERVICE_CHECK_TLS_SKIP_VERIFY=true',
      ],
      {
        Type: 'grpc',
        Interval: '5s',
        Timeout: '3s',
        Notes: 'gRPC health of 192.168.1.102:8080 by TLS, any certificate every 5s, timeout 3s',
      },
    ],
    [
      'Docker',
      ['SERVICE_CHECK_DOCKER=test -e /ok', 'SERVICE_CHECK_INTERVAL=1h'],
      {
        Type: 'docker',
        Interval: '1h0m0s',
        Timeout: '',
        Notes: `in ${idOf('web').slice(0, 12)} every 1h, timeout default: test -e /ok`,
      },
    ],
  ];
  for (const [what, env, expected] of checks) {
    it(`declare a check by ${what}, which Consul runs`, async () => {
      engine.set(inspectReply({ name: 'web', published: publish({ '80/tcp': '8080' }), env }));
      start();
      const check = await until('the check', async () =>
        Object.values(await consul.get<Record<string, AgentCheck>>('/agent/checks')).find(
          ({ CheckID }) => !CheckID.endsWith(':docker'),
        ),
      );
      const { Type, Interval, Timeout } = check;
      const Notes = check.Notes.replace(/; owner .*/, '');
      assert.deepEqual({ Type, Interval, Timeout, Notes }, expected);
    });
  }

  it('start a service with the status that is declared for its check', async () => {
    const env = ['SERVICE_CHECK_TTL=1h', 'SERVICE_CHECK_INITIAL_STATUS=passing'];
    engine.set(inspectReply({ ...redis, env }));
    start();
    await until('redis', async () => (await consul.passing('redis')).length === 1);
  });

  it('bring back a service that Consul deregistered for a critical check, while its container runs', async () => {
    const env = ['SERVICE_CHECK_TTL=1h', 'SERVICE_CHECK_DEREGISTER_AFTER=1m'];
    engine.set(inspectReply({ ...redis, env }));
    start();
    await services(1);
    // What its reaper does after a minute.
    await consul.put('/agent/service/deregister/fakehost:redis.0:6379');
    await services(1);
  });
});

describe('the way to Consul', () => {
  let consul: TestConsul;
  let engine: FakeEngine;
  let folder: string;
  let https: number;
  let running: RunningRegistrator | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'composemesh-tls-'));
    const program = await findConsul();
    const run = promisify(execFile);
    await run(program, ['tls', 'ca', 'create'], { cwd: folder });
    await run(program, ['tls', 'cert', 'create', '-server'], { cwd: folder });
    await run(program, ['tls', 'cert', 'create', '-client'], { cwd: folder });
    https = await freePort();
    consul = await TestConsul.start({
      ports: { https },
      addresses: { http: `127.0.0.1 unix://${folder}/consul.sock` },
      tls: {
        https: {
          ca_file: `${folder}/consul-agent-ca.pem`,
          cert_file: `${folder}/dc1-server-consul-0.pem`,
          key_file: `${folder}/dc1-server-consul-0-key.pem`,
          verify_incoming: true,
        },
      },
      acl: { enabled: true, default_policy: 'allow', tokens: { initial_management: token } },
    });
    engine = await FakeEngine.start();
    engine.set(inspectReply({ name: 'web', exposed: ['80/tcp'] }));
  });

  after(async () => {
    await engine.stop();
    await consul.stop();
    await rm(folder, { recursive: true });
  });

  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await consul.put('/agent/service/deregister/fakehost:web:80').catch(() => undefined);
  });

  const start = (uri: string, env: Record<string, string> = {}): RunningRegistrator => {
    running = startRegistrator(['-internal', uri], { DOCKER_HOST: engine.dockerHost, ...env });
    return running;
  };
  const registered = (): Promise<unknown> =>
    until('web', async () => (await consul.passing('web')).length === 1);

  it('may be a unix socket', async () => {
    start(`consul-unix://${folder}/consul.sock`);
    await registered();
  });

  it('may be TLS with a client certificate', async () => {
    start(`consul-tls://127.0.0.1:${https}`, {
      CONSUL_CACERT: `${folder}/consul-agent-ca.pem`,
      CONSUL_CLIENT_CERT: `${folder}/dc1-client-consul-0.pem`,
      CONSUL_CLIENT_KEY: `${folder}/dc1-client-consul-0-key.pem`,
      CONSUL_TLS_SERVER_NAME: 'server.dc1.consul',
    });
    await registered();
  });

  it('is not open to a server that cannot prove who it is', async () => {
    const { ended, log } = start(`consul-tls://127.0.0.1:${https}`);
    assert.equal(await ended, 1);
    assert.match(log.lines.at(-1)!, /^error cannot reach Consul at https:.*certificate/);
  });

  it('names the file that it cannot read', async () => {
    const { ended, log } = start('consul-tls://127.0.0.1:1', { CONSUL_CACERT: '/nowhere.pem' });
    assert.equal(await ended, 1);
    assert.match(log.lines.at(-1)!, /^error cannot read \/nowhere.pem, which CONSUL_CACERT names/);
  });

  it('may need a token, from the environment or from a file', async () => {
    const address = consul.address.replace('http://', '');
    await writeFile(join(folder, 'token'), `${token}\n`);
    start('consul:', { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN_FILE: join(folder, 'token') });
    await registered();
    await running?.stop();
    const wrong = start('consul:', { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: 'wrong' });
    await until('the refusal', () =>
      wrong.log.lines.some((line) => line.includes('ACL not found')),
    );
  });

  it('lets Consul say why it refuses a check, while other containers are registered', async () => {
    const other = { name: 'other', exposed: ['80/tcp'], env: ['SERVICE_CHECK_SCRIPT=true'] };
    engine.set(inspectReply(other));
    const { log } = start(consul.address.replace('http:', 'consul:'));
    await registered();
    const line = await until('the refusal', () =>
      log.lines.find((text) => text.includes('Scripts are disabled')),
    );
    assert.match(line, /^error E_CONSUL_HTTP: Consul answered 500 /);
    engine.remove(idOf('other'));
  });

  it('may lead to a namespace, which only Consul Enterprise has', async () => {
    const { log } = start(consul.address.replace('http:', 'consul:'), { CONSUL_NAMESPACE: 'team' });
    await until('the refusal', () => log.lines.some((line) => /namespace/i.test(line)));
  });
});

const token = '11111111-2222-3333-4444-555555555555';

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Port: number;
  readonly Address: string;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
}

interface AgentCheck {
  readonly CheckID: string;
  readonly Type: string;
  readonly Interval: string;
  readonly Timeout: string;
  readonly Notes: string;
}
