import assert from 'node:assert/strict';
import { formatProblem } from '../../kit/problem.ts';
import { idOf, inspectReply, type ContainerSketch } from '../../test/fakes/containers.ts';
import { parseContainer, type Container } from '../docker/container.ts';
import { planServices, type DesiredState, type PlanOptions } from './desired.ts';

const options: PlanOptions = {
  owner: 'ENGI:NE',
  hostname: 'host',
  internal: true,
  explicit: false,
  tags: [],
  keepFailed: false,
};

function plan(
  sketches: readonly ContainerSketch[],
  overrides: Partial<PlanOptions> = {},
  marks: { readonly stopping?: readonly string[]; readonly unknown?: readonly string[] } = {},
): DesiredState {
  return planServices(
    {
      containers: sketches.map((sketch) => parseContainer(inspectReply(sketch))),
      stopping: new Set((marks.stopping ?? []).map(idOf)),
      unknown: new Set((marks.unknown ?? []).map(idOf)),
    },
    { ...options, ...overrides },
  );
}

/** `name id address:port` of each record. */
function summarize({ records }: DesiredState): readonly string[] {
  return records.map(({ name, id, address, port }) => `${name} ${id} ${address}:${port}`);
}

function codes({ problems }: DesiredState): readonly string[] {
  return problems.map(({ code, path }) => (path === undefined ? code : `${code} ${path}`));
}

describe('planServices', () => {
  it("registers Bookinfo's reviews as Istio expects it", () => {
    const { records, problems } = plan([
      {
        name: 'consul_reviews-v1_1',
        image: 'istio/examples-bookinfo-reviews-v1:1.8.0',
        exposed: ['9080/tcp', '9443/tcp'],
        ip: '172.28.0.5',
        env: [
          'SERVICE_9080_NAME=reviews',
          'SERVICE_TAGS=version|v1',
          'SERVICE_PROTOCOL=http',
          'SERVICE_9443_IGNORE=1',
        ],
        labels: {
          'com.docker.compose.project': 'consul',
          'com.docker.compose.service': 'reviews-v1',
        },
      },
    ]);
    assert.deepEqual(
      { records, problems },
      {
        records: [
          {
            id: 'host:consul_reviews-v1_1:9080',
            name: 'reviews',
            tags: ['version|v1'],
            meta: {
              protocol: 'http',
              version: 'v1',
              'composemesh-owner': 'ENGI:NE',
              'composemesh-container': idOf('consul_reviews-v1_1'),
              'compose-project': 'consul',
              'compose-service': 'reviews-v1',
            },
            address: '172.28.0.5',
            port: 9080,
            weight: 1,
            checks: [],
            health: { status: 'passing', output: 'container consul_reviews-v1_1 is running' },
          },
        ],
        problems: [],
      },
    );
  });

  describe('names', () => {
    const compose = {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'front',
    };
    const cases: readonly (readonly [string, Omit<ContainerSketch, 'name'>, string[]])[] = [
      ['the image', { exposed: ['80/tcp'] }, ['web']],
      [
        'an image with registry and digest',
        { exposed: ['80/tcp'], image: 'r:5000/t/api@sha256:ab' },
        ['api'],
      ],
      ['the Compose service before the image', { exposed: ['80/tcp'], labels: compose }, ['front']],
      [
        'SERVICE_NAME before the Compose service',
        { exposed: ['80/tcp'], labels: compose, env: ['SERVICE_NAME=own'] },
        ['own'],
      ],
      ['the port as a suffix of several', { exposed: ['80/tcp', '81/tcp'] }, ['web-80', 'web-81']],
      [
        'no suffix where the port has its own name',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_80_NAME=own'] },
        ['own', 'web-81'],
      ],
      [
        'a suffix to a name for all ports',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_NAME=own'] },
        ['own-80', 'own-81'],
      ],
      [
        'no suffix when the other ports are ignored',
        { exposed: ['80/tcp', '81/tcp'], env: ['SERVICE_81_IGNORE=yes'] },
        ['web'],
      ],
      ['an underscore', { exposed: ['80/tcp'], env: ['SERVICE_NAME=a_b'] }, ['a_b']],
    ];
    for (const [what, sketch, expected] of cases) {
      it(`uses ${what}`, () => {
        const { records, problems } = plan([{ name: 'c', ...sketch }]);
        assert.deepEqual(
          { names: records.map(({ name }) => name), problems },
          { names: expected, problems: [] },
        );
      });
    }

    const refused: readonly (readonly [string, string, string])[] = [
      ['a dot', 'a.b', '"a.b" is no host name, such as "a-b"'],
      ['a space', 'my web', '"my web" is no host name, such as "my-web"'],
      ['a dash at the end', 'web-', '"web-" is no host name, such as "web"'],
      ['only other letters', '日本', '"日本" is no host name'],
      ['64 letters', 'a'.repeat(64), `"${'a'.repeat(64)}" has 64 letters`],
    ];
    for (const [what, name, message] of refused) {
      it(`refuses ${what}, and says what to write`, () => {
        const state = plan([{ name: 'c', exposed: ['80/tcp'], env: [`SERVICE_NAME=${name}`] }]);
        assert.deepEqual(summarize(state), []);
        assert.deepEqual(state.problems.map(formatProblem), [
          `E_NAME container c: SERVICE_NAME: is not registered: ${message}; ` +
            'set SERVICE_NAME to at most 63 letters, digits and "-", with a letter or digit at both ends',
        ]);
      });
    }

    it('refuses an image that is only a digest', () => {
      const state = plan([{ name: 'c', exposed: ['80/tcp'], image: `sha256:${'ab'.repeat(32)}` }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NAME SERVICE_NAME']]);
    });
  });

  describe('ids', () => {
    it('are host, container and port, with the transport if it is UDP', () => {
      const state = plan([{ name: 'dns', image: 'dns', exposed: ['53/tcp', '53/udp'] }]);
      assert.deepEqual(
        state.records.map(({ id, name, tags, meta }) => ({
          id,
          name,
          tags,
          protocol: meta['protocol'],
        })),
        [
          { id: 'host:dns:53', name: 'dns-53', tags: [], protocol: undefined },
          { id: 'host:dns:53:udp', name: 'dns-53', tags: ['udp'], protocol: 'udp' },
        ],
      );
    });

    it('stay with the older container when two have the same', () => {
      const env = ['SERVICE_ID=same'];
      const state = plan([
        { name: 'young', exposed: ['80/tcp'], env, createdAt: 20, ip: '10.0.0.3' },
        { name: 'old', exposed: ['80/tcp'], env, createdAt: 10 },
      ]);
      assert.deepEqual(
        { records: summarize(state), problems: state.problems.map(formatProblem) },
        {
          records: ['web same 10.0.0.2:80'],
          problems: [
            'E_ID_DUPLICATE container young: SERVICE_ID: port 80 is not registered: its id "same" is ' +
              'that of port 80 of container old; give each port its own SERVICE_ID',
          ],
        },
      );
    });
  });

  describe('without -internal', () => {
    const external = { internal: false, hostAddress: '192.0.2.1' };
    const published = { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] };
    const cases: readonly (readonly [
      string,
      Omit<ContainerSketch, 'name'>,
      Partial<PlanOptions>,
      string[],
    ])[] = [
      [
        'what is published',
        { exposed: ['80/tcp', '81/tcp'], published },
        {},
        ['web host:c:80 192.0.2.1:8080'],
      ],
      ['-ip', { published }, { ip: '198.51.100.1' }, ['web host:c:80 198.51.100.1:8080']],
      [
        'the one address it is published on',
        { published: { '80/tcp': [{ HostIp: '192.0.2.7', HostPort: '8080' }] } },
        {},
        ['web host:c:80 192.0.2.7:8080'],
      ],
      [
        'the exposed ports of a container on the network of the host',
        { exposed: ['80/tcp'], network: 'host' },
        {},
        ['web host:c:80 192.0.2.1:80'],
      ],
      [
        'SERVICE_IP before -ip',
        { published, env: ['SERVICE_IP=10.9.9.9'] },
        { ip: '198.51.100.1' },
        ['web host:c:80 10.9.9.9:8080'],
      ],
    ];
    for (const [what, sketch, overrides, expected] of cases) {
      it(`registers ${what}`, () => {
        const state = plan([{ name: 'c', ...sketch }], { ...external, ...overrides });
        assert.deepEqual([summarize(state), codes(state)], [expected, []]);
      });
    }

    it('takes the ports of the network owner for a service that exposes none', () => {
      const pod = { name: 'pod', exposed: ['8000/tcp'], labels: { 'composemesh.role': 'pod' } };
      const network = `container:${idOf('pod')}`;
      const bare = { exposed: [], network };
      const state = plan([
        pod,
        { name: 'app', ...bare, env: ['SERVICE_NAME=web', 'SERVICE_8000_VERSION=v1'] },
        { name: 'debugger', ...bare },
      ]);
      assert.deepEqual(
        [state.records.map(({ name, port, meta }) => [name, port, meta['version']]), codes(state)],
        [[['web', 8000, 'v1']], []],
      );
    });

    it('says where to name the port of a service that has none', () => {
      const pod = { name: 'pod', exposed: [], labels: { 'composemesh.role': 'pod' } };
      const app = { name: 'app', exposed: [], network: `container:${idOf('pod')}` };
      const { problems } = plan([pod, { ...app, env: ['SERVICE_NAME=web'] }]);
      assert.deepEqual(
        problems.map(({ message }) => message),
        [
          'is not registered: it exposes no port; add EXPOSE to its image, ' +
            'or `expose:` to the Compose service whose network it joined',
        ],
      );
    });

    it('tells who wrote settings for a port that is not published', () => {
      const sketch = { name: 'c', exposed: ['80/tcp'], env: ['SERVICE_NAME=web'] };
      assert.deepEqual(codes(plan([sketch], external)), ['E_NO_PORT']);
    });

    it('needs the address of the host', () => {
      const state = plan([{ name: 'c', published }], { internal: false });
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_ADDRESS port 80/tcp']]);
    });
  });

  describe('addresses', () => {
    const networks = { zoo: '10.1.0.2', ant: '10.2.0.2' };
    const cases: readonly (readonly [
      string,
      Omit<ContainerSketch, 'name'>,
      Partial<PlanOptions>,
      string[],
      string[],
    ])[] = [
      ['the primary network', { networks, network: 'zoo' }, {}, ['10.1.0.2'], []],
      [
        'the network of SERVICE_NETWORK',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=ant'] },
        {},
        ['10.2.0.2'],
        [],
      ],
      [
        'the network of -network',
        { networks, network: 'zoo' },
        { network: 'ant' },
        ['10.2.0.2'],
        [],
      ],
      [
        'the network of SERVICE_NETWORK before that of -network',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=zoo'] },
        { network: 'ant' },
        ['10.1.0.2'],
        [],
      ],
      [
        'nothing for a network it is not on',
        { networks, network: 'zoo', env: ['SERVICE_NETWORK=bee'] },
        {},
        [],
        ['E_NETWORK port 80/tcp'],
      ],
      ['nothing without a network', { network: 'none' }, {}, [], ['E_ADDRESS port 80/tcp']],
      ['a label', { labels: { ip: '10.3.0.2/24' } }, { ipLabel: 'ip' }, ['10.3.0.2'], []],
      [
        'its own address without the label',
        {},
        { ipLabel: 'ip' },
        ['10.0.0.2'],
        ['W_IP_LABEL port 80/tcp'],
      ],
      [
        'its own address when the label is none',
        { labels: { ip: '::' } },
        { ipLabel: 'ip' },
        ['10.0.0.2'],
        ['W_IP_LABEL port 80/tcp'],
      ],
    ];
    for (const [what, sketch, overrides, addresses, problems] of cases) {
      it(`are ${what}`, () => {
        const state = plan([{ name: 'c', exposed: ['80/tcp'], ...sketch }], overrides);
        assert.deepEqual(
          [state.records.map(({ address }) => address), codes(state)],
          [addresses, problems],
        );
      });
    }
  });

  describe('Meta', () => {
    const metaOf = (
      env: string[],
    ): { meta: Record<string, string>; problems: readonly string[] } => {
      const state = plan([{ name: 'c', exposed: ['80/tcp'], env }]);
      const meta = Object.fromEntries(
        Object.entries(state.records[0]!.meta).filter(([key]) => !key.startsWith('composemesh-')),
      );
      return { meta, problems: codes(state) };
    };
    const long = 'x'.repeat(513);
    const cases: readonly (readonly [string, string[], object, string[]])[] = [
      [
        'has SERVICE_VERSION',
        ['SERVICE_VERSION=v2', 'SERVICE_TAGS=version|v1'],
        { version: 'v2' },
        [],
      ],
      ['has the version of the tags', ['SERVICE_TAGS=a,version|v1'], { version: 'v1' }, []],
      [
        'has no protocol that is unknown',
        ['SERVICE_PROTOCOL=htpp'],
        {},
        ['E_PROTOCOL SERVICE_PROTOCOL'],
      ],
      [
        'has no UDP for a TCP port',
        ['SERVICE_PROTOCOL=udp'],
        {},
        ['E_PROTOCOL_CONFLICT port 80/tcp'],
      ],
      ['has the keys of the user', ['SERVICE_REGION=eu'], { region: 'eu' }, []],
      [
        'has no key that Consul refuses',
        ['SERVICE_A.B=1', 'SERVICE_CONSUL-X=1', 'SERVICE_OK=1'],
        { ok: '1' },
        ['E_META_KEY SERVICE_A.B', 'E_META_KEY SERVICE_CONSUL-X'],
      ],
      [
        'has no key in place of ours',
        ['SERVICE_COMPOSEMESH-OWNER=me'],
        {},
        ['E_META_KEY SERVICE_COMPOSEMESH-OWNER'],
      ],
      ['has no long value', [`SERVICE_A=${long}`], {}, ['E_META_VALUE SERVICE_A']],
      ['has no long version', [`SERVICE_VERSION=${long}`], {}, ['E_META_VALUE port 80/tcp']],
      [
        'counts bytes, not letters',
        [`SERVICE_A=${'é'.repeat(257)}`],
        {},
        ['E_META_VALUE SERVICE_A'],
      ],
    ];
    for (const [what, env, meta, problems] of cases) {
      it(what, () => {
        assert.deepEqual(metaOf(env), { meta, problems });
      });
    }

    it('has at most 64 pairs, ours first', () => {
      const env = Array.from(
        { length: 70 },
        (_, index) => `SERVICE_K${String(index).padStart(2, '0')}=v`,
      );
      const { records, problems } = plan([{ name: 'c', exposed: ['80/tcp'], env }]);
      const keys = Object.keys(records[0]!.meta);
      assert.deepEqual(
        [keys.length, keys.slice(0, 3), problems.length, problems[0]!.path],
        [64, ['composemesh-owner', 'composemesh-container', 'k00'], 8, 'SERVICE_K62'],
      );
    });
  });

  it('adds -tags, and obeys -explicit', () => {
    const state = plan(
      [
        { name: 'a', exposed: ['80/tcp'] },
        { name: 'b', exposed: ['80/tcp'], env: ['SERVICE_NAME=b', 'SERVICE_TAGS=own'] },
      ],
      { explicit: true, tags: ['all'] },
    );
    assert.deepEqual(
      state.records.map(({ name, tags }) => ({ name, tags })),
      [{ name: 'b', tags: ['own', 'all'] }],
    );
  });

  it('writes declared checks for the address that is registered', () => {
    const { records } = plan([
      {
        name: 'c',
        exposed: ['80/tcp'],
        networks: { mesh: 'fd00::2' },
        env: ['SERVICE_CHECK_HTTP=/health', 'SERVICE_CHECK_TCP=true', 'SERVICE_CHECK_TTL=30s'],
      },
    ]);
    assert.deepEqual(
      records[0]!.checks.map(({ kind, definition, notes }) => ({ kind, definition, notes })),
      [
        {
          kind: 'http',
          definition: { HTTP: 'http://[fd00::2]:80/health', Method: 'GET', Interval: '10s' },
          notes: 'GET http://[fd00::2]:80/health every 10s, timeout default',
        },
        {
          kind: 'tcp',
          definition: { TCP: '[fd00::2]:80', Interval: '10s' },
          notes: 'connect to [fd00::2]:80 every 10s, timeout default',
        },
        {
          kind: 'ttl',
          definition: { TTL: '30s' },
          notes: 'the application reports at least every 30s',
        },
      ],
    );
  });

  it('writes commands and gRPC checks as Consul runs them', () => {
    const { records } = plan([
      {
        name: 'c',
        exposed: ['80/tcp'],
        env: [
          'SERVICE_CHECK_SCRIPT=nc $SERVICE_IP $SERVICE_PORT | grep "O K"',
          'SERVICE_CHECK_CMD=/check it',
          'SERVICE_CHECK_DOCKER=test -e /ok',
          'SERVICE_CHECK_GRPC=true',
          'SERVICE_CHECK_GRPC_USE_TLS=true',
          'SERVICE_CHECK_TLS_SKIP_VERIFY=true',
          'SERVICE_CHECK_INITIAL_STATUS=passing',
          'SERVICE_CHECK_DEREGISTER_AFTER=10m',
        ],
      },
    ]);
    const common = {
      Interval: '10s',
      Status: 'passing',
      DeregisterCriticalServiceAfter: '10m',
    };
    assert.deepEqual(
      records[0]!.checks.map(({ kind, definition }) => ({ kind, definition })),
      [
        {
          kind: 'cmd',
          definition: { Args: ['check-cmd', idOf('c').slice(0, 12), '80', '/check it'], ...common },
        },
        {
          kind: 'script',
          definition: { Args: ['/bin/sh', '-c', 'nc 10.0.0.2 80 | grep "O K"'], ...common },
        },
        {
          kind: 'exec',
          definition: {
            DockerContainerID: idOf('c'),
            Args: ['/bin/sh', '-c', 'test -e /ok'],
            ...common,
          },
        },
        {
          kind: 'grpc',
          definition: { GRPC: '10.0.0.2:80', GRPCUseTLS: true, TLSSkipVerify: true, ...common },
        },
      ],
    );
  });

  it('infers protocols from well-known ports only when it is told to', () => {
    const sketch = { name: 'c', exposed: ['80/tcp', '81/tcp', '443/tcp', '6379/tcp', '6379/udp'] };
    const protocols = (overrides: Partial<PlanOptions>): unknown =>
      plan([{ ...sketch, env: ['SERVICE_443_PROTOCOL=https'] }], overrides).records.map(
        ({ meta }) => meta['protocol'],
      );
    assert.deepEqual(
      [protocols({}), protocols({ inferProtocol: true })],
      [
        [undefined, undefined, 'https', undefined, 'udp'],
        ['http', undefined, 'https', 'redis', 'udp'],
      ],
    );
  });

  it('says which replica of a Compose service an instance is', () => {
    const labels = {
      'com.docker.compose.project': 'shop',
      'com.docker.compose.service': 'web',
      'com.docker.compose.container-number': '3',
    };
    const { records } = plan([{ name: 'shop-web-3', exposed: ['80/tcp'], labels }]);
    const { meta } = records[0]!;
    assert.deepEqual(
      [meta['compose-project'], meta['compose-service'], meta['compose-number']],
      ['shop', 'web', '3'],
    );
  });

  it('keeps a port in maintenance registered, as critical', () => {
    const env = ['SERVICE_80_MAINTENANCE=new disk'];
    const { records } = plan([{ name: 'c', exposed: ['80/tcp', '81/tcp'], env }]);
    assert.deepEqual(
      records.map(({ port, health }) => [port, health.status, health.output]),
      [
        [80, 'critical', 'container c is in maintenance: new disk'],
        [81, 'passing', 'container c is running'],
      ],
    );
  });

  it('leaves out what is no instance', () => {
    const exposed = ['80/tcp'];
    const state = plan([
      { name: 'ended', exposed, state: 'exited' },
      { name: 'restarting', exposed, state: 'restarting' },
      { name: 'run', exposed, labels: { 'com.docker.compose.oneoff': 'True' } },
      { name: 'silent' },
      { name: 'ignored', env: ['SERVICE_IGNORE=1'] },
    ]);
    assert.deepEqual([summarize(state), codes(state)], [[], []]);
  });

  it('retains what failed with -deregister on-success', () => {
    const ends = [0, 1, 127, 137, 143].map((exitCode) => ({
      name: `exit${exitCode}`,
      state: 'exited' as const,
      exitCode,
    }));
    assert.deepEqual(
      [...plan(ends, { keepFailed: true }).retained],
      [
        [idOf('exit1'), { status: 'critical', output: 'container exit1 ended with exit code 1' }],
        [
          idOf('exit127'),
          { status: 'critical', output: 'container exit127 ended with exit code 127' },
        ],
      ],
    );
  });

  it('retains what has ended with a code that is not known yet, and not what has never run', () => {
    const ended = (name: string): Container => {
      const container = parseContainer(inspectReply({ name }));
      return { ...container, state: 'stopped' };
    };
    const created: { startedAt?: unknown } & Container = { ...ended('created') };
    delete created.startedAt;
    const observation = {
      containers: [ended('web'), created],
      stopping: new Set<string>(),
      unknown: new Set<string>(),
    };
    assert.deepEqual(
      [...planServices(observation, { ...options, keepFailed: true }).retained],
      [[idOf('web'), { status: 'critical', output: 'container web has ended' }]],
    );
  });

  it('says each mistake once, however many ports it touches', () => {
    const state = plan([
      {
        name: 'c',
        exposed: ['80/tcp', '81/tcp'],
        env: ['SERVICE_PROTOCOL=htpp', 'SERVICE_99_NAME=x'],
      },
    ]);
    assert.deepEqual(codes(state), [
      'E_PORT_UNKNOWN SERVICE_99_NAME',
      'E_PROTOCOL SERVICE_PROTOCOL',
    ]);
  });

  describe('in a pod', () => {
    const pod: ContainerSketch = {
      name: 'pod',
      labels: { 'composemesh.role': 'pod' },
      ip: '10.0.0.9',
    };
    const app: ContainerSketch = {
      name: 'app',
      exposed: ['9080/tcp'],
      network: `container:${idOf('pod')}`,
      env: ['SERVICE_NAME=reviews'],
      startedAt: 2,
    };
    const sidecar: ContainerSketch = {
      name: 'envoy',
      exposed: ['15001/tcp'],
      network: `container:${idOf('pod')}`,
      labels: { 'composemesh.role': 'sidecar' },
      startedAt: 2,
    };

    it('makes one service of pod, app and sidecar, at the address of the pod', () => {
      const state = plan([sidecar, app, pod]);
      assert.deepEqual(
        [summarize(state), codes(state)],
        [['reviews host:app:9080 10.0.0.9:9080'], []],
      );
    });

    it('takes the published port of the pod', () => {
      const published = { '9080/tcp': [{ HostIp: '0.0.0.0', HostPort: '80' }] };
      const state = plan([sidecar, app, { ...pod, published }], {
        internal: false,
        hostAddress: '192.0.2.1',
      });
      assert.deepEqual(summarize(state), ['reviews host:app:9080 192.0.2.1:80']);
    });

    it('has no instance while the pod does not run', () => {
      const state = plan([sidecar, app, { ...pod, state: 'exited' }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NETWORK_OWNER']]);
    });

    it('has no instance when the pod was re-created', () => {
      const state = plan([app, { ...pod, name: 'pod2' }]);
      assert.deepEqual([summarize(state), codes(state)], [[], ['E_NETWORK_OWNER']]);
    });

    it('concludes nothing about an app whose pod could not be read', () => {
      const state = plan([app], {}, { unknown: ['pod'] });
      assert.deepEqual(
        [summarize(state), codes(state), [...state.unknown].sort()],
        [[], [], [idOf('app'), idOf('pod')].sort()],
      );
    });

    it('concludes nothing about a pod without a sidecar while a container could not be read', () => {
      const state = plan([pod, app], {}, { unknown: ['envoy'] });
      assert.deepEqual(
        [summarize(state), codes(state), [...state.unknown].sort()],
        [[], [], [idOf('app'), idOf('envoy')].sort()],
      );
    });

    const stranded = (name: string): string =>
      `container ${name} lost its network, because pod started again after it; run: docker restart ${name}`;
    type HealthCase = readonly [
      what: string,
      containers: readonly ContainerSketch[],
      output: string | undefined,
      stopping?: readonly string[],
    ];
    const cases: readonly HealthCase[] = [
      ['all run', [pod, app, sidecar], undefined],
      ['the app is healthy', [pod, { ...app, health: 'healthy' }, sidecar], undefined],
      [
        'the app is starting',
        [pod, { ...app, health: 'starting' }, sidecar],
        'container app is starting: its HEALTHCHECK has not passed yet',
      ],
      [
        'the app is unhealthy',
        [pod, { ...app, health: 'unhealthy', healthOutput: 'no database' }, sidecar],
        'container app is unhealthy: no database',
      ],
      [
        'the app is paused',
        [pod, { ...app, state: 'paused' }, sidecar],
        'container app is paused; run: docker unpause app',
      ],
      ['the app is stopping', [pod, app, sidecar], 'container app is stopping', ['app']],
      [
        'the sidecar is stopping',
        [pod, app, sidecar],
        'sidecar: container envoy is stopping',
        ['envoy'],
      ],
      [
        'the pod is stopping',
        [pod, app, sidecar],
        "the network's owner: container pod is stopping",
        ['pod'],
      ],
      [
        'the sidecar does not run',
        [pod, app, { ...sidecar, state: 'exited' }],
        'sidecar envoy is not running, so calls would fail; run: docker start envoy',
      ],
      [
        'the sidecar was removed',
        [pod, app],
        'pod pod has no sidecar, so calls would fail; start the sidecar',
      ],
      [
        'the sidecar is unhealthy',
        [pod, app, { ...sidecar, health: 'unhealthy' }],
        'sidecar: container envoy is unhealthy',
      ],
      [
        'the sidecar is paused',
        [pod, app, { ...sidecar, state: 'paused' }],
        'sidecar: container envoy is paused; run: docker unpause envoy',
      ],
      ['the pod started after the app', [{ ...pod, startedAt: 3 }, app, sidecar], stranded('app')],
      [
        'the pod started after the sidecar',
        [{ ...pod, startedAt: 3 }, { ...app, startedAt: 4 }, sidecar],
        `sidecar: ${stranded('envoy')}`,
      ],
      [
        'an old sidecar was left behind by a new one',
        [pod, app, sidecar, { ...sidecar, name: 'old', state: 'exited' }],
        undefined,
      ],
    ];
    for (const [what, containers, output, stopping = []] of cases) {
      it(`is ${output === undefined ? 'passing' : 'critical'} when ${what}`, () => {
        const { records } = plan(containers, {}, { stopping });
        const { status, output: text } = records[0]!.health;
        const expected = output === undefined ? ['passing'] : ['critical', output];
        assert.deepEqual(status === 'passing' ? [status] : [status, text], expected);
      });
    }

    it("is on the networks of the pod, and another registrator's when they are not the one of -network", () => {
      const stopped: ContainerSketch = { ...pod, state: 'exited' };
      const plans = [
        plan([pod, app, sidecar], { network: 'mesh' }),
        plan([pod, app, sidecar], { network: 'other' }),
        plan([stopped, app, sidecar], { network: 'mesh' }),
        plan([stopped, app, sidecar], { network: 'other' }),
        plan([{ name: 'host', exposed: ['80/tcp'], network: 'host' }], { network: 'mesh' }),
      ];
      assert.deepEqual(
        plans.map((state) => [summarize(state), codes(state)]),
        [
          [['reviews host:app:9080 10.0.0.9:9080'], []],
          [[], []],
          [[], ['E_NETWORK_OWNER']],
          [[], []],
          [[], []],
        ],
      );
    });

    it('lets a sidecar join the app itself', () => {
      const alone = { ...app, network: 'mesh' };
      const joined = { ...sidecar, network: `container:${idOf('app')}`, state: 'exited' as const };
      assert.deepEqual(
        plan([alone, joined]).records.map(({ health }) => health.status),
        ['critical'],
      );
    });
  });
});
