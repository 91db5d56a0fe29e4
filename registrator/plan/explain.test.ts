import assert from 'node:assert/strict';
import { idOf, inspectReply, type ContainerSketch } from '../../test/fakes/containers.ts';
import { parseContainer, type Observation } from '../docker/container.ts';
import type { PlanOptions } from './desired.ts';
import { explainContainer, findContainers, formatExplanation } from './explain.ts';

const options: PlanOptions = {
  owner: 'ENGI:NE',
  hostname: 'host',
  internal: true,
  explicit: false,
  tags: [],
  keepFailed: false,
};

function observe(...sketches: readonly ContainerSketch[]): Observation {
  return {
    containers: sketches.map((sketch) => parseContainer(inspectReply(sketch))),
    stopping: new Set(),
    unknown: new Set(),
  };
}

/** What is said of the first container, without the line that names it. */
function explain(
  sketches: readonly ContainerSketch[],
  overrides: Partial<PlanOptions> = {},
): readonly string[] {
  const observation = observe(...sketches);
  const explanation = explainContainer(
    observation.containers[0]!,
    observation,
    { ...options, ...overrides },
    [],
  );
  const [head = '', ...lines] = formatExplanation(explanation).trimEnd().split('\n');
  return [head.replace(/^[^)]*\): /, ''), ...lines.map((line) => line.replaceAll(/ {2,}/g, ' | '))];
}

describe('explainContainer', () => {
  it('says where each part of a service comes from', () => {
    const sketch: ContainerSketch = {
      name: 'web',
      exposed: ['80/tcp', '81/tcp'],
      env: ['SERVICE_81_IGNORE=1', 'SERVICE_PROTOCOL=http', 'SERVICE_CHECK_TCP=1'],
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'front' },
    };
    assert.deepEqual(explain([sketch]), [
      '1 of its 2 ports registered',
      'port 80/tcp: registered',
      ' | id | host:web:80',
      ' | name | front | its Compose service',
      ' | address | 10.0.0.2:80 | network mesh, its primary one',
      ' | protocol | http | SERVICE_PROTOCOL or SERVICE_PORT_NAME',
      ' | health | passing | container web is running',
      ' | check | TCP | connect to 10.0.0.2:80 every 10s, timeout default',
      ' | weight | 1',
      ' | Consul | does not have it',
      'port 81/tcp: not registered: SERVICE_IGNORE is set',
    ]);
  });

  const pod: ContainerSketch = { name: 'pod', labels: { 'composemesh.role': 'pod' } };
  const refused: readonly (readonly [
    string,
    readonly ContainerSketch[],
    Partial<PlanOptions>,
    readonly string[],
  ])[] = [
    [
      'that has ended',
      [{ name: 'c', exposed: ['80/tcp'], state: 'exited' }],
      {},
      ['not registered: it does not run; run: docker start c'],
    ],
    ['without a port', [{ name: 'c' }], {}, ['not registered: it exposes no port']],
    [
      'on another network',
      [{ name: 'c', exposed: ['80/tcp'] }],
      { network: 'other' },
      ['not registered: it is not on network other (-network); it is on: mesh'],
    ],
    [
      'whose port is not published',
      [{ name: 'c', exposed: ['80/tcp'] }],
      { internal: false, hostAddress: '192.0.2.1' },
      [
        '0 of its 1 ports registered',
        'port 80/tcp: not registered: it is not published, and -internal is not set',
      ],
    ],
    [
      'without a name under -explicit',
      [{ name: 'c', exposed: ['80/tcp'] }],
      { explicit: true },
      [
        '0 of its 1 ports registered',
        'port 80/tcp: not registered: it has no SERVICE_NAME, and -explicit is set',
      ],
    ],
    [
      'with a mistake',
      [{ name: 'c', exposed: ['80/tcp'], env: ['SERVICE_NAME=a b'] }],
      {},
      [
        '0 of its 1 ports registered',
        'port 80/tcp: not registered: see below',
        'E_NAME container c: SERVICE_NAME: is not registered: "a b" is no host name, such as "a-b"; ' +
          'set SERVICE_NAME to at most 63 letters, digits and "-", with a letter or digit at both ends',
      ],
    ],
    [
      'that docker compose run made',
      [{ name: 'c', exposed: ['80/tcp'], labels: { 'com.docker.compose.oneoff': 'True' } }],
      {},
      ["not registered: docker compose run started it: it is nobody's instance"],
    ],
    [
      'that is a pod',
      [pod],
      {},
      ['not registered: it is a pod, the network of an app; ask for the app'],
    ],
    [
      'whose pod is gone',
      [{ name: 'c', exposed: ['80/tcp'], network: `container:${idOf('pod')}` }],
      {},
      [
        'not registered: see below',
        'E_NETWORK_OWNER container c: is not registered: ' +
          'the container whose network it joined no longer exists; re-create it with that one',
      ],
    ],
  ];
  for (const [what, sketches, overrides, expected] of refused) {
    it(`says why a container ${what} is no service`, () => {
      assert.deepEqual(explain(sketches, overrides), expected);
    });
  }

  const addresses: readonly (readonly [
    string,
    Omit<ContainerSketch, 'name'>,
    Partial<PlanOptions>,
  ])[] = [
    ['SERVICE_IP', { env: ['SERVICE_IP=10.1.1.1'] }, {}],
    ['label net.ip', { labels: { 'net.ip': '10.1.1.1' } }, { ipLabel: 'net.ip' }],
    ['network mesh (SERVICE_NETWORK)', { env: ['SERVICE_NETWORK=mesh'] }, {}],
    ['network mesh (-network)', {}, { network: 'mesh' }],
    ['-ip', { network: 'host' }, { ip: '192.0.2.1' }],
    ['address of this host', { network: 'host' }, { hostAddress: '192.0.2.1' }],
    [
      'address it is published on',
      { published: { '80/tcp': [{ HostIp: '192.0.2.7', HostPort: '1' }] } },
      { internal: false },
    ],
  ];
  for (const [source, sketch, overrides] of addresses) {
    it(`knows an address from ${source}`, () => {
      const lines = explain([{ name: 'c', exposed: ['80/tcp'], ...sketch }], overrides);
      assert.equal(lines.find((line) => line.includes('address'))?.split(' | ')[3], source);
    });
  }
});

describe('findContainers', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
  const { containers } = observe(
    { name: 'shop-web-1', labels },
    { name: 'shop-web-2', labels },
    { name: 'other' },
  );
  const find = (text: string): readonly string[] =>
    findContainers(containers, text).map(({ name }) => name);

  it('knows names, beginnings of ids, and Compose services', () => {
    const texts = ['other', idOf('other').slice(0, 12), 'web', 'shop', 'abc'];
    assert.deepEqual(texts.map(find), [['other'], ['other'], ['shop-web-1', 'shop-web-2'], [], []]);
  });
});
