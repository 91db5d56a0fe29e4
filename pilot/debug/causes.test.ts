import assert from 'node:assert/strict';
import { resourcesOf } from '../../test/support/mesh-fixture.ts';
import { encode } from '../proto/writer.ts';
import { RouteConfigurationSchema } from '../proto/messages.ts';
import { createBundle, createResource, emptyBundle } from '../xds/bundle.ts';
import type { Snapshot, XdsType } from '../xds/resource.ts';
import { type Causes, findCauses } from './causes.ts';

const resources = resourcesOf(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews]
  http:
    - match: [{ uri: { prefix: /old } }, { uri: { regex: '/a/[0-9]+' } }]
      route: [{ destination: { host: reviews } }]
    - route: [{ destination: { host: reviews } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ratings, namespace: default }
spec: { hosts: [ratings], http: [{ route: [{ destination: { host: ratings } }] }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec:
  host: reviews
  trafficPolicy: { connectionPool: { tcp: { connectTimeout: 7s } } }
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: shop }
spec:
  hosts: [api.example.com]
  ports: [{ number: 443, name: https, protocol: HTTPS }]
  resolution: STATIC
  endpoints: [{ address: 10.99.0.1 }, { address: 10.99.0.2 }]
`);

const rule = (name: string, path: string): object => ({
  metadata: { filterMetadata: { composemesh: { rule: `VirtualService default/${name}`, path } } },
});

const table = encode(RouteConfigurationSchema, {
  name: '9080',
  virtualHosts: [
    { name: 'ratings', domains: ['ratings'], routes: [rule('ratings', 'spec.http[0]')] },
    {
      name: 'reviews',
      domains: ['reviews'],
      routes: [
        rule('reviews', 'spec.http[0].match[0]'),
        rule('reviews', 'spec.http[0].match[1]'),
        rule('reviews', 'spec.http[1]'),
      ],
    },
  ],
});

const snapshot: Snapshot = {
  cluster: emptyBundle('cluster'),
  endpoint: emptyBundle('endpoint'),
  listener: emptyBundle('listener'),
  route: createBundle('route', [createResource('9080', table)]),
};

function causesOf(type: XdsType, names: readonly string[], text: string): Causes {
  const rejection = { version: 'x', names, text };
  return findCauses(type, rejection, { snapshot, resources, domain: 'service.consul' });
}

const reviews = 'VirtualService default/reviews';

describe('what a rejection comes from', () => {
  it('is the value that Envoy quotes', () => {
    assert.deepEqual(
      causesOf(
        'route',
        ['9080'],
        "regex '/a/[0-9]+' RE2 program size of 50 > max program size of 20",
      ),
      { certain: true, causes: [{ resource: reviews, path: 'spec.http[0].match[1].uri.regex' }] },
    );
  });

  it('is the rule of the route whose index Envoy names', () => {
    const text =
      'Proto constraint validation failed (RouteConfigurationValidationError.VirtualHosts[1]: embedded message failed validation | caused by VirtualHostValidationError.Routes[2]: embedded message failed validation | caused by RouteValidationError.Action: value is required)';
    assert.deepEqual(causesOf('route', ['9080'], text), {
      certain: true,
      causes: [{ resource: reviews, path: 'spec.http[1]' }],
    });
  });

  it('is one of all the rules in a table when Envoy names none', () => {
    assert.deepEqual(causesOf('route', ['9080'], 'something is wrong'), {
      certain: false,
      causes: [
        { resource: 'VirtualService default/ratings', path: 'spec.http[0]' },
        { resource: reviews, path: 'spec.http[0].match[0]' },
        { resource: reviews, path: 'spec.http[0].match[1]' },
        { resource: reviews, path: 'spec.http[1]' },
      ],
    });
  });

  it('is the subset or the policy that makes a cluster, never its name alone', () => {
    const name = 'outbound|9080|v2|reviews.service.consul';
    assert.deepEqual(causesOf('cluster', [name], `Error adding/updating cluster(s) ${name}: no`), {
      certain: false,
      causes: [
        { resource: 'DestinationRule default/reviews', path: 'spec.subsets[1]' },
        { resource: 'DestinationRule default/reviews', path: 'spec.trafficPolicy' },
      ],
    });
  });

  it('is the endpoint of a ServiceEntry whose address Envoy quotes', () => {
    const name = 'outbound|443||api.example.com';
    assert.deepEqual(causesOf('endpoint', [name], 'malformed IP address: 10.99.0.2'), {
      certain: true,
      causes: [{ resource: 'ServiceEntry shop/outside', path: 'spec.endpoints[1].address' }],
    });
  });

  it('is nothing that users wrote for what pilot makes by itself', () => {
    assert.deepEqual(causesOf('cluster', ['BlackHoleCluster', 'inbound|9080||'], 'no'), {
      certain: false,
      causes: [],
    });
  });
});
