import assert from 'node:assert/strict';
import { catalogOf, proxyAt, resourcesOf } from '../../test/support/mesh-fixture.ts';
import { buildMesh } from './build.ts';
import { askedLabels, viewOf } from './proxy.ts';

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
    assert.deepEqual(kept(moved), ['services', 'virtualServices', 'destinationRules']);
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
    const view = (labels: Readonly<Record<string, string>>, asked = askedLabels(mesh)): string =>
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
            viewOf(proxyAt('10.9.0.1', { generator: 'grpc' }), undefined, askedLabels(mesh)),
          ) === plain,
      },
      { others: true, asked: false, grpc: false },
    );
  });
});
