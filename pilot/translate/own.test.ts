import assert from 'node:assert/strict';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import { buildMesh } from '../model/build.ts';
import { viewOf } from '../model/proxy.ts';
import { SharedConfig } from '../push/shared-config.ts';
import { ownOf, translateOwn } from './own.ts';

const instances = [
  { service: 'reviews', address: '127.0.0.1', port: 21_001, version: 'v1', protocol: 'http' },
  { service: 'reviews', address: '127.0.0.1', port: 21_002, version: 'v2', protocol: 'http' },
  { service: 'db', address: '127.0.0.1', port: 21_003, protocol: 'tcp' },
];

const rule = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews]
  http:
    - match: [{ sourceLabels: { app: ingress } }]
      fault: { abort: { httpStatus: 418, percentage: { value: 100 } } }
      route: [{ destination: { host: reviews } }]
    - route: [{ destination: { host: reviews } }]
`;

const mesh = buildMesh({
  catalog: catalogOf(instances),
  resources: resourcesOf(rule),
  domain: 'service.consul',
});

function translate(
  metadata: Parameters<typeof proxyAt>[1],
): ProxyConfig & { readonly own: ProxyConfig } {
  const proxy = proxyAt('127.0.0.1', { interceptionMode: 'NONE', ...metadata });
  const workload = mesh.workloads.get('127.0.0.1');
  const view = viewOf(proxy, workload, mesh.askedLabels);
  const shared = new SharedConfig(view, {}).translate(mesh);
  return { ...shared, own: translateOwn(ownOf(proxy, workload), {}) };
}

function placesOf({ listeners }: ProxyConfig): readonly unknown[] {
  return listeners.map((listener) => {
    assert.ok(listener.kind === 'socket');
    const { name, address, port, bindToPort, exclusive } = listener;
    return [name, `${address}:${port}`, bindToPort && exclusive];
  });
}

describe('a proxy that captures nothing', () => {
  it('listens where it is told, and only for the instances that are its own', () => {
    const { own, listeners } = translate({
      httpProxyPort: 21_010,
      appPorts: { 21_002: 31_002, 21_003: 31_003 },
    });
    const [reviews, db] = own.clusters;
    assert.deepEqual(
      {
        shared: placesOf({ ...own, listeners }),
        own: placesOf(own),
        routes: own.routes.map(({ name }) => name),
        targets: [reviews, db].map((cluster) => [cluster?.name, cluster?.discovery]),
        bound: [reviews?.bindAddress, db?.bindAddress],
      },
      {
        shared: [],
        own: [
          ['127.0.0.1_21002', '127.0.0.1:21002', true],
          ['127.0.0.1_21003', '127.0.0.1:21003', true],
          ['127.0.0.1_21010', '127.0.0.1:21010', true],
        ],
        routes: ['inbound|21002||'],
        targets: [
          ['inbound|21002||', { kind: 'static', hosts: [{ address: '127.0.0.1', port: 31_002 }] }],
          ['inbound|21003||', { kind: 'static', hosts: [{ address: '127.0.0.1', port: 31_003 }] }],
        ],
        bound: [undefined, undefined],
      },
    );
  });

  it('has the routes of its explicit proxy, and none that only captured connections reach', () => {
    const names = (metadata: Parameters<typeof translate>[0]): readonly string[] =>
      translate(metadata).routes.map(({ name }) => name);
    assert.deepEqual([names({ httpProxyPort: 21_010 }), names({})], [['http_proxy'], []]);
  });

  it('lets callers from outside in, by the rules for its own labels', () => {
    const ingress = [
      { bind: '127.0.0.1', port: 21_080, host: 'reviews.service.consul', servicePort: 21_001 },
      { bind: '127.0.0.1', port: 21_081, host: 'nobody.service.consul', servicePort: 80 },
    ];
    const { listeners, routes, own } = translate({ ingress, labels: { app: 'ingress' } });
    assert.deepEqual(
      {
        places: placesOf({ ...own, listeners }),
        tables: routes.map(({ name, virtualHosts }) => [
          name,
          virtualHosts.map((host) => [
            host.name,
            host.domains,
            host.routes[0]?.fault?.abort?.status.code,
          ]),
        ]),
      },
      {
        places: [
          ['ingress_21080', '127.0.0.1:21080', true],
          ['ingress_21081', '127.0.0.1:21081', true],
        ],
        tables: [
          ['ingress.21080', [['reviews.service.consul:21001', ['*'], 418]]],
          ['ingress.21081', []],
        ],
      },
    );
  });

  it('goes by its own labels, since other workloads may be at its address', () => {
    const proxy = proxyAt('127.0.0.1', { interceptionMode: 'NONE', labels: { app: 'a' } });
    const workload = mesh.workloads.get('127.0.0.1');
    const view = viewOf(proxy, workload, new Set(['app', 'version']));
    assert.deepEqual(view.labels, { app: 'a' });
  });
});
