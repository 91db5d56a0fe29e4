import assert from 'node:assert/strict';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import { buildMesh } from './build.ts';
import { viewOf } from './proxy.ts';

const instances = [
  { service: 'reviews', address: '10.0.0.1', port: 9080, version: 'v1', protocol: 'http' },
  { service: 'ratings', address: '10.0.0.2', port: 9080, version: 'v1', protocol: 'http' },
];

function rules(subset: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews]
  http:
    - match: [{ sourceLabels: { track: beta } }]
      route: [{ destination: { host: reviews, subset: ${subset} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
`;
}

const inputs = {
  catalog: catalogOf(instances),
  resources: resourcesOf(rules('v1')),
  domain: 'service.consul',
};

describe('the mesh', () => {
  it('is the same with and without what was before', () => {
    const first = buildMesh(inputs);
    const other = { ...inputs, resources: resourcesOf(rules('v2')) };
    assert.deepEqual(buildMesh(other, first), buildMesh(other));
  });

  it('is the same after any history', () => {
    const entry = (name: string, age: number, host: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default, creationTimestamp: '20${age}-01-01T00:00:00Z' }
spec: { hosts: [${host}], ports: [{ number: 80, name: http }], resolution: DNS }
`;
    const rule = (name: string, age: number, subset: string): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default, creationTimestamp: '20${age}-01-01T00:00:00Z' }
spec:
  hosts: [reviews]
  http: [{ match: [{ sourceLabels: { ${subset}: x } }], route: [{ destination: { host: reviews } }] }]
`;
    const history: readonly (readonly string[])[] = [
      [rule('c', 20, 'v1'), rule('a', 22, 'v1'), entry('one', 21, 'api.example.com')],
      [rule('c', 20, 'v2'), rule('a', 22, 'v1'), rule('b', 21, 'v1')],
      // A short name means the service of an entry now, and an older entry takes a host over.
      [rule('b', 21, 'v1'), entry('two', 19, 'reviews'), entry('one', 21, 'api.example.com')],
      [rule('a', 22, 'v3'), entry('zero', 18, 'api.example.com'), entry('two', 19, 'reviews')],
      [],
    ];
    let mesh = buildMesh(inputs);
    for (const texts of history) {
      const next = { ...inputs, resources: resourcesOf(texts.join('---')) };
      mesh = buildMesh(next, mesh);
      const anew = buildMesh({ ...next, resources: resourcesOf(texts.join('---')) });
      assert.deepEqual(mesh, anew);
    }
  });

  it('keeps the identity of everything that did not change', () => {
    const first = buildMesh(inputs);
    const same = buildMesh(inputs, first);
    const moved = buildMesh(
      {
        ...inputs,
        catalog: inputs.catalog.map((service) =>
          service.hostname.startsWith('ratings')
            ? { ...service, endpoints: service.endpoints.map((one) => ({ ...one, weight: 2 })) }
            : service,
        ),
      },
      first,
    );
    const kept = (mesh: typeof first): readonly string[] =>
      (Object.keys(first) as (keyof typeof first)[]).filter((part) => mesh[part] === first[part]);
    assert.deepEqual(kept(same), Object.keys(first));
    assert.deepEqual(kept(moved), [
      'services',
      'virtualServices',
      'destinationRules',
      'askedLabels',
    ]);
    const reviews = 'reviews.service.consul';
    assert.equal(moved.endpoints.get(reviews), first.endpoints.get(reviews));
  });

  it('takes the oldest of two ServiceEntries for a host', () => {
    const entry = (name: string, created: string): string => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default, creationTimestamp: '${created}' }
spec:
  hosts: [api.example.com]
  ports: [{ number: 80, name: http }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.${created.slice(3, 4)} }]
`;
    const resources = resourcesOf(
      [entry('young', '2026-01-01T00:00:00Z'), entry('old', '2024-01-01T00:00:00Z')].join('---'),
    );
    const mesh = buildMesh({ ...inputs, resources });
    assert.deepEqual(
      mesh.endpoints.get('api.example.com')?.map(({ address }) => address),
      ['192.0.2.4'],
    );
  });

  it('shows proxies with different labels as one view, but for the labels that a rule asks for', () => {
    const mesh = buildMesh(inputs);
    const view = (labels: Readonly<Record<string, string>>, asked = mesh.askedLabels): string =>
      JSON.stringify(
        viewOf(proxyAt('10.9.0.1', { labels }), mesh.workloads.get('10.9.0.1'), asked),
      );
    const plain = view({ app: 'a', id: '1' });
    assert.deepEqual(
      {
        others: view({ app: 'b', id: '2' }) === plain,
        asked: view({ app: 'a', track: 'beta' }) === plain,
        grpc:
          JSON.stringify(
            viewOf(proxyAt('10.9.0.1', { generator: 'grpc' }), undefined, mesh.askedLabels),
          ) === plain,
      },
      { others: true, asked: false, grpc: false },
    );
  });
});
