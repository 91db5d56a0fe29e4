import assert from 'node:assert/strict';
import { catalogOf, resourcesOf } from '../../test/support/mesh-fixture.ts';
import { buildMesh } from './build.ts';
import { checkReferences } from './references.ts';

const rules = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: default }
spec: { host: web, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: default }
spec:
  hosts: [web]
  http:
    - mirror: { host: nobody }
      route:
        - { destination: { host: web, subset: v1 }, weight: 50 }
        - { destination: { host: web.service.consul, subset: v2 }, weight: 50 }
    - route: [{ destination: { host: web, port: { number: 81 } } }]
  tcp:
    - route: [{ destination: { host: lost } }]
`;

describe('references of rules', () => {
  it('are reported where host, port or subset do not exist', () => {
    const catalog = catalogOf([{ service: 'web', address: '10.0.0.1', port: 80, version: 'v1' }]);
    const domain = 'service.consul';
    const { mesh } = buildMesh({ catalog, resources: resourcesOf(rules), domain });
    assert.deepEqual(
      checkReferences(mesh, domain).map(({ code, resource, path }) => [code, resource, path]),
      [
        ['W_SUBSET_UNKNOWN', 'VirtualService default/web', 'spec.http[0].route[1].destination'],
        ['W_HOST_UNKNOWN', 'VirtualService default/web', 'spec.http[0].mirror'],
        ['W_PORT_UNKNOWN', 'VirtualService default/web', 'spec.http[1].route[0].destination'],
        ['W_HOST_UNKNOWN', 'VirtualService default/web', 'spec.tcp[0].route[0].destination'],
      ],
    );
  });
});
