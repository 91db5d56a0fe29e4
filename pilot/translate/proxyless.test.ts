import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import { buildMesh } from '../model/build.ts';
import { viewOf } from '../model/proxy.ts';
import { SharedConfig } from '../push/shared-config.ts';

const instances = [
  { service: 'greeter', address: '10.0.0.1', port: 9000, protocol: 'grpc' },
  { service: 'greeter', address: '10.0.0.2', port: 9000, protocol: 'grpc' },
  { service: 'web', address: '10.0.0.3', port: 80, protocol: 'http' },
  { service: 'db', address: '10.0.0.4', port: 5432, protocol: 'tcp' },
];

function translate(rules = ''): ProxyConfig {
  const mesh = buildMesh({
    catalog: catalogOf(instances),
    resources: resourcesOf(rules),
    domain: 'service.consul',
  });
  const view = viewOf(proxyAt('10.9.0.1', { generator: 'grpc' }), undefined, mesh.askedLabels);
  return new SharedConfig(view, {}).translate(mesh);
}

function rule(kind: string, spec: string): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: { name: 'subject', namespace: 'default' },
    spec: parse(spec) as unknown,
  });
}

describe('the configuration of a program without a proxy', () => {
  it('has a listener for each name that a service may be called by', () => {
    const names = translate().listeners.map(({ name }) => name);
    assert.deepEqual(names.toSorted(), [
      'greeter.service.consul:9000',
      'greeter.service:9000',
      'greeter:9000',
      'web',
      'web.service',
      'web.service.consul',
      'web.service.consul:80',
      'web.service:80',
      'web:80',
    ]);
  });

  it('names in its listeners route tables that there are', () => {
    const { listeners, routes } = translate();
    const known = new Set(routes.map(({ name }) => name));
    const missing = listeners.filter(
      (listener) => listener.kind !== 'api' || !known.has(listener.routes),
    );
    assert.deepEqual(missing, []);
  });

  const matches: Readonly<Record<string, readonly [match: string, routes: number]>> = {
    'a path': ['{ uri: { prefix: / } }', 1],
    'the method of every gRPC call': ['{ method: { exact: POST } }', 1],
    'one of several methods': ['{ method: { regex: GET|POST } }', 1],
    'another method': ['{ method: { exact: GET } }', 0],
    'what no client looks at': ['{ queryParams: { q: { exact: "1" } } }', 0],
    'the authority': ['{ authority: { exact: greeter } }', 0],
  };
  for (const [name, [match, routes]] of Object.entries(matches)) {
    it(`has ${routes} route for a rule on ${name}`, () => {
      const { routes: tables } = translate(
        rule(
          'VirtualService',
          `{ hosts: [greeter], http: [{ match: [${match}], route: [{ destination: { host: web } }] }] }`,
        ),
      );
      const table = tables.find(
        ({ name: table }) => table === 'outbound|9000||greeter.service.consul',
      );
      const found = table?.virtualHosts.flatMap((host) => host.routes) ?? [];
      assert.deepEqual([found.length, found.flatMap((route) => route.match.headers)], [routes, []]);
    });
  }

  it('ends a call that a rule answers or redirects in a cluster without members', () => {
    const { routes, clusters, endpoints } = translate(
      rule('VirtualService', '{ hosts: [greeter], http: [{ directResponse: { status: 418 } }] }'),
    );
    const [route] = routes[0]?.virtualHosts[0]?.routes ?? [];
    const target = route?.action.kind === 'forward' ? route.action.clusters[0]?.name : undefined;
    assert.deepEqual(
      [
        target,
        clusters.find(({ name }) => name === target)?.discovery,
        endpoints.find(({ cluster }) => cluster === target)?.localities,
      ],
      ['BlackHoleCluster', { kind: 'eds' }, []],
    );
  });

  it('limits the whole call by the timeout of a rule', () => {
    const { routes } = translate(
      rule(
        'VirtualService',
        '{ hosts: [greeter], http: [{ timeout: 2s, route: [{ destination: { host: web } }] }] }',
      ),
    );
    const [route] = routes[0]?.virtualHosts[0]?.routes ?? [];
    assert.equal(route?.action.kind === 'forward' ? route.action.maxDurationMs : undefined, 2000);
  });

  it('pauses between retries for no longer than a client can count', () => {
    const backoffs = ['25ms', '48h', '8760h'].map((backoff) => {
      const { routes } = translate(
        rule(
          'VirtualService',
          `{ hosts: [greeter], http: [{ retries: { attempts: 2, backoff: ${backoff} }, route: [{ destination: { host: web } }] }] }`,
        ),
      );
      const [route] = routes[0]?.virtualHosts[0]?.routes ?? [];
      return route?.action.kind === 'forward' ? route.action.retry?.backoffMs : undefined;
    });
    assert.deepEqual(backoffs, [25, 172_800_000, 172_800_000]);
  });

  const balancers: Readonly<Record<string, string>> = {
    '{ simple: LEAST_REQUEST }': 'round-robin',
    '{ simple: RANDOM }': 'round-robin',
    '{ consistentHash: { httpHeaderName: user, ringHash: { minimumRingSize: 64 } } }': 'ring-hash',
    '{ consistentHash: { httpHeaderName: user, maglev: { tableSize: 7 } } }': 'ring-hash',
  };
  for (const [loadBalancer, expected] of Object.entries(balancers)) {
    it(`balances ${loadBalancer} by ${expected}, over members from pilot`, () => {
      const { clusters } = translate(
        rule(
          'DestinationRule',
          `{ host: greeter, trafficPolicy: { loadBalancer: ${loadBalancer} } }`,
        ),
      );
      const cluster = clusters.find(({ name }) => name.endsWith('|greeter.service.consul'));
      assert.deepEqual([cluster?.loadBalancer.kind, cluster?.discovery.kind], [expected, 'eds']);
    });
  }

  it('has each member once, with a locality', () => {
    const { endpoints } = translate();
    const set = endpoints.find(({ cluster }) => cluster.endsWith('|greeter.service.consul'));
    assert.deepEqual(set?.localities, [
      {
        locality: '',
        endpoints: [
          { address: '10.0.0.1', port: 9000 },
          { address: '10.0.0.2', port: 9000 },
        ],
      },
    ]);
  });
});
