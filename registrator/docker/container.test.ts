import assert from 'node:assert/strict';
import { parseContainer, parseSignal, type InspectReply } from './container.ts';

/** Cut from a reply of Engine 20.10 to what the parser may look at. */
const reply: InspectReply = {
  Id: '364d039ae569',
  Name: '/shop-web-1',
  Created: '2026-11-21T08:14:58.033530649Z',
  State: {
    Running: true,
    Paused: false,
    Restarting: false,
    ExitCode: 0,
    StartedAt: '2026-11-21T08:14:58.59562Z',
    Health: { Status: 'healthy', Log: [{ Output: '' }, { Output: 'all good\n' }] },
  },
  Config: {
    Image: 'example/web:1.0',
    Env: ['PATH=/bin', 'DB_PASSWORD=x', 'SERVICE_NAME=web', 'SERVICE_TAGS=a=b', 'BROKEN'],
    Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
    ExposedPorts: { '9080/tcp': {} },
    StopSignal: 'SIGQUIT',
    StopTimeout: 3,
  },
  HostConfig: { NetworkMode: 'shop_front' },
  NetworkSettings: {
    Ports: {
      '53/udp': [{ HostIp: '127.0.0.1', HostPort: '5353' }],
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '9080/tcp': null,
      '9/sctp': null,
    },
    Networks: {
      aaa: { IPAddress: '10.2.0.2' },
      ingress: { IPAddress: '10.255.0.2' },
      shop_front: { IPAddress: '10.1.0.2', GlobalIPv6Address: 'fd00::2' },
    },
  },
};

describe('parseContainer', () => {
  it('keeps what decides a service, the primary network first, and no secret', () => {
    assert.deepEqual(parseContainer(reply), {
      id: '364d039ae569',
      name: 'shop-web-1',
      role: 'app',
      image: 'example/web:1.0',
      createdAt: Date.parse('2026-11-21T08:14:58Z') + 33.530649,
      state: 'running',
      startedAt: Date.parse('2026-11-21T08:14:58Z') + 595.62,
      health: 'healthy',
      healthOutput: 'all good',
      stopSignal: 3,
      stopTimeout: 3000,
      networkMode: { kind: 'own', primary: 'shop_front' },
      networks: [
        { network: 'shop_front', ipv4: '10.1.0.2', ipv6: 'fd00::2' },
        { network: 'aaa', ipv4: '10.2.0.2' },
      ],
      exposed: [
        { port: 53, transport: 'udp' },
        { port: 80, transport: 'tcp' },
        { port: 9080, transport: 'tcp' },
      ],
      published: [
        { port: 53, transport: 'udp', hostIp: '127.0.0.1', hostPort: 5353 },
        { port: 80, transport: 'tcp', hostPort: 8080 },
        { port: 80, transport: 'tcp', hostPort: 8080 },
      ],
      env: { SERVICE_NAME: 'web', SERVICE_TAGS: 'a=b' },
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
      compose: { project: 'shop', service: 'web' },
    });
  });

  it('takes a port that Compose wrote without its transport once', () => {
    const { exposed } = parseContainer({
      Id: 'x',
      Name: '/x',
      Config: { ExposedPorts: { '9080': {} } },
      NetworkSettings: { Ports: { '9080/tcp': null } },
    });
    assert.deepEqual(exposed, [{ port: 9080, transport: 'tcp' }]);
  });

  it('reads a reply with nothing in it', () => {
    assert.deepEqual(parseContainer({ Id: 'x', Name: '/x' }), {
      id: 'x',
      name: 'x',
      role: 'app',
      image: '',
      createdAt: 0,
      state: 'stopped',
      stopSignal: 15,
      stopTimeout: 10_000,
      networkMode: { kind: 'own', primary: 'bridge' },
      networks: [],
      exposed: [],
      published: [],
      env: {},
      labels: {},
    });
  });

  const states: readonly (readonly [string, InspectReply['State'], object])[] = [
    ['paused', { Running: true, Paused: true }, { state: 'paused' }],
    ['never started', { StartedAt: '0001-01-01T00:00:00Z' }, { state: 'stopped' }],
    ['about to be restarted', { Running: true, Restarting: true }, { state: 'stopped' }],
    [
      'ended',
      { ExitCode: 3, StartedAt: '1970-01-01T00:00:01Z' },
      { state: 'stopped', exitCode: 3, startedAt: 1000 },
    ],
  ];
  for (const [what, State, expected] of states) {
    it(`knows a container that is ${what}`, () => {
      const { state, exitCode, startedAt } = parseContainer({ Id: 'x', Name: '/x', State: State! });
      assert.deepEqual(JSON.parse(JSON.stringify({ state, exitCode, startedAt })), expected);
    });
  }

  it('tells two starts within one millisecond apart', () => {
    const [first, second] = ['.1234Z', '.1235Z'].map((fraction) =>
      parseContainer({
        Id: 'x',
        Name: '/x',
        State: { StartedAt: `2026-11-21T08:14:58${fraction}` },
      }),
    );
    assert.ok(first!.startedAt! < second!.startedAt!);
  });

  const modes: readonly (readonly [string, object])[] = [
    ['default', { kind: 'own', primary: 'bridge' }],
    ['host', { kind: 'host' }],
    ['none', { kind: 'none' }],
    ['container:abc', { kind: 'joined', owner: 'abc' }],
    ['shop_default', { kind: 'own', primary: 'shop_default' }],
  ];
  for (const [NetworkMode, expected] of modes) {
    it(`reads network mode ${NetworkMode}`, () => {
      const { networkMode } = parseContainer({ Id: 'x', Name: '/x', HostConfig: { NetworkMode } });
      assert.deepEqual(networkMode, expected);
    });
  }
});

describe('parseSignal', () => {
  it('reads names and numbers', () => {
    const texts = ['SIGTERM', 'term', '15', 'SIGQUIT', 'SIGRTMIN+3', '', 'SIGNONE'];
    assert.deepEqual(texts.map(parseSignal), [15, 15, 15, 3, 37, undefined, undefined]);
  });
});
