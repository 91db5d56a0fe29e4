import assert from 'node:assert/strict';
import { checkSnapshot } from '../../test/support/snapshot-check.ts';
import { proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import { buildMesh } from '../model/build.ts';
import { viewOf } from '../model/proxy.ts';
import { SharedConfig } from '../push/shared-config.ts';
import { SnapshotFactory } from '../push/snapshots.ts';

const proxy = proxyAt('10.0.0.9', { httpProxyPort: 3128 });

/** A ServiceEntry as a line of YAML. */
function entry(name: string, spec: string): string {
  return `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec: ${spec}
`;
}

/** What a sidecar gets of these entries; it must hold together as a whole. */
function configOf(...entries: readonly string[]): ProxyConfig {
  const resources = resourcesOf(entries.join(''));
  const mesh = buildMesh({ catalog: [], resources, domain: 'service.consul' });
  const [snapshot] = new SnapshotFactory({}).build(mesh, [proxy]);
  assert.ok(snapshot);
  assert.deepEqual(checkSnapshot(snapshot), []);
  return new SharedConfig(viewOf(proxy, undefined, new Set()), {}).translate(mesh);
}

function domainsOf({ routes }: ProxyConfig, table: string): readonly string[] {
  const found = routes.find(({ name }) => name === table);
  return found?.virtualHosts.flatMap(({ domains }) => domains) ?? [];
}

const http = 'ports: [{ number: 80, name: http }]';
const tcp = 'ports: [{ number: 3306, name: tcp }]';

describe('services as only a user can declare them', () => {
  it('have one name however it is spelled', () => {
    const config = configOf(
      entry('a', `{ hosts: [Ext.Example.com], ${http} }`),
      entry('b', `{ hosts: [ext.example.com], ${http} }`),
    );
    assert.deepEqual(domainsOf(config, '80').slice(0, 2), [
      'ext.example.com',
      'ext.example.com:80',
    ]);
  });

  it('have no short wildcards, which would take everything', () => {
    const config = configOf(entry('a', `{ hosts: ['*.service.consul'], ${http} }`));
    assert.deepEqual(
      domainsOf(config, '80').filter((domain) => domain.startsWith('*')),
      ['*.service.consul', '*.service.consul:80', '*'],
    );
  });

  it('are called by an IPv6 address in brackets', () => {
    const config = configOf(entry('a', `{ hosts: [a.b], addresses: ['FD00:0::1'], ${http} }`));
    assert.deepEqual(domainsOf(config, '80'), ['a.b', 'a.b:80', '[fd00::1]', '[fd00::1]:80', '*']);
  });

  it('are not called by a short name that is the address of another one', () => {
    const one = entry(
      'a',
      `{ hosts: ['*.x.y', 240.240.0.1.service.consul], addresses: [240.240.0.1], resolution: STATIC, ports: [{ number: 9080, name: http, protocol: HTTP }] }`,
    );
    const table = configOf(one).routes.find(({ name }) => name === 'http_proxy');
    assert.deepEqual(
      table?.virtualHosts.map(({ domains }) => domains),
      [
        ['*.x.y:9080', '240.240.0.1:9080'],
        ['240.240.0.1.service.consul:9080', '240.240.0.1.service:9080'],
        ['*'],
      ],
    );
  });

  it('have a domain once, be it their short name and their address', () => {
    const one = entry(
      'a',
      `{ hosts: [240.240.0.1.service.consul], addresses: [240.240.0.1], resolution: STATIC, ports: [{ number: 9080, name: http, protocol: HTTP }] }`,
    );
    const domains = domainsOf(configOf(one), 'http_proxy');
    assert.deepEqual(
      domains.filter((domain) => domain.startsWith('240.240.0.1:')),
      ['240.240.0.1:9080'],
    );
  });

  it('share an address and a port: the first has the listener', () => {
    const config = configOf(
      entry('a', `{ hosts: [a.b], addresses: ['fd00::1'], resolution: DNS, ${tcp} }`),
      entry('b', `{ hosts: [c.d], addresses: ['fd00:0::1'], resolution: DNS, ${tcp} }`),
    );
    const listeners = config.listeners.filter(({ name }) => name.endsWith('_3306'));
    assert.deepEqual(
      listeners.map((listener) => listener.kind === 'socket' && listener.defaultChain?.name),
      ['outbound|3306||a.b'],
    );
  });

  it('take neither every address nor the ports of the capture', () => {
    const config = configOf(
      entry('a', `{ hosts: [a.b], addresses: [0.0.0.0], resolution: DNS, ${tcp} }`),
      entry('b', '{ hosts: [c.d], ports: [{ number: 15001, name: http }] }'),
      entry('c', '{ hosts: [e.f], ports: [{ number: 15006, name: http }] }'),
    );
    assert.deepEqual(
      config.listeners.map(({ name }) => name.replace(/^240\.240\.\d+\.\d+/, 'virtual')),
      ['virtualOutbound', 'virtual_3306'],
    );
  });

  it('have members on Unix sockets, and weights that fit into 32 bits together', () => {
    const config = configOf(
      entry(
        'a',
        `{ hosts: [a.b], resolution: STATIC, ${http}, endpoints: [{ address: 'unix:///a', weight: 4294967295 }, { address: 10.0.0.1, weight: 4294967295 }] }`,
      ),
    );
    const [members] = config.endpoints[0]?.localities ?? [];
    assert.deepEqual(members?.endpoints, [
      { address: '10.0.0.1', port: 80, weight: 2147483646 },
      { address: 'unix:///a', port: 80, weight: 2147483646 },
    ]);
  });

  it('have one group of members for each locality, however it is written', () => {
    const endpoints = ['/', '', 'r/z/', 'r/z', 'r/z/s/t', 'r/z/s', '/z']
      .map((locality, index) => `{ address: 10.0.0.${index}, locality: '${locality}' }`)
      .join();
    const config = configOf(
      entry('a', `{ hosts: [a.b], resolution: STATIC, ${http}, endpoints: [${endpoints}] }`),
    );
    assert.deepEqual(
      config.endpoints[0]?.localities.map(({ locality, endpoints: members }) => [
        locality,
        members.length,
      ]),
      [
        [undefined, 2],
        ['/z', 1],
        ['r/z', 2],
        ['r/z/s', 2],
      ],
    );
  });

  it('are not resolved when their load balancer is PASSTHROUGH', () => {
    const policy = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a.b, trafficPolicy: { loadBalancer: { simple: PASSTHROUGH } } }
`;
    const [cluster] = configOf(
      entry('a', `{ hosts: [a.b], resolution: DNS, ${http} }`),
      policy,
    ).clusters;
    assert.deepEqual(
      [cluster?.discovery, cluster?.loadBalancer],
      [{ kind: 'original-dst' }, { kind: 'provided' }],
    );
  });

  it('are resolved one name at a time only if there is one', () => {
    const subset = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a.b, subsets: [{ name: v9, labels: { version: v9 } }] }
`;
    const config = configOf(
      entry('a', `{ hosts: [a.b], resolution: DNS_ROUND_ROBIN, ${http} }`),
      subset,
    );
    assert.deepEqual(
      config.clusters.slice(0, 2).map(({ discovery }) => discovery),
      [
        { kind: 'dns', hosts: [{ address: 'a.b', port: 80 }], logical: true },
        { kind: 'dns', hosts: [], logical: false },
      ],
    );
  });
});
