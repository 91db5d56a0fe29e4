import assert from 'node:assert/strict';
import { join } from 'node:path';
import { findDormantFields } from '../pilot/api/dormant-fields.ts';
import type { Kind } from '../pilot/api/in-force.ts';
import { dormant, isInForce } from '../pilot/api/in-force.ts';
import { kinds } from '../pilot/api/kinds.ts';
import type { ConfigResource } from '../pilot/api/resource.ts';
import { buildMesh } from '../pilot/model/build.ts';
import { viewOf } from '../pilot/model/proxy.ts';
import { SharedConfig } from '../pilot/push/shared-config.ts';
import { ownOf, translateOwn } from '../pilot/translate/own.ts';
import { matchGolden } from './support/golden.ts';
import { renderKinds } from './support/kinds-page.ts';
import { catalogOf, proxyAt } from './support/mesh-fixture.ts';
import { recordReads } from './support/read-paths.ts';
import { hasLists, leavesOf, withValue } from './support/schema-paths.ts';

const catalog = catalogOf([
  { service: 'reviews', address: '10.0.0.1', port: 9080, version: 'v1', protocol: 'http' },
  { service: 'db', address: '10.0.0.2', port: 5432, version: 'v1', protocol: 'tcp' },
]);
const route = [{ destination: { host: 'reviews' } }];

const httpPolicies = {
  retries: { attempts: 1 },
  corsPolicy: { allowOrigins: [{}] },
  fault: { delay: { fixedDelay: '1s' }, abort: { httpStatus: 500 } },
};

/** Something that a field can be added to so that it takes effect, if it has any. */
const bases: Readonly<Partial<Record<Kind, readonly object[]>>> = {
  VirtualService: [
    {
      hosts: ['reviews'],
      http: [{ match: [{}], route, mirror: { host: 'reviews' }, mirrors: route, ...httpPolicies }],
    },
    { hosts: ['reviews'], http: [{ redirect: { derivePort: 'FROM_REQUEST_PORT' } }] },
    { hosts: ['reviews'], http: [{ directResponse: { status: 200 } }] },
    { hosts: ['db'], tcp: [{ match: [{}], route: [{ destination: { host: 'db' } }] }] },
  ],
  DestinationRule: [
    {
      host: 'reviews',
      trafficPolicy: { portLevelSettings: [{ port: { number: 9080 } }] },
      subsets: [{ name: 'v1', labels: { version: 'v1' } }],
    },
    { host: 'reviews' },
    {
      host: 'reviews',
      subsets: [
        {
          name: 'v1',
          labels: { version: 'v1' },
          trafficPolicy: { portLevelSettings: [{ port: { number: 9080 } }] },
        },
      ],
    },
    { host: 'reviews', subsets: [{ name: 'v1' }] },
  ],
  ServiceEntry: [
    {
      hosts: ['a.example.com'],
      ports: [{ number: 80, name: 'http' }],
      resolution: 'STATIC',
      endpoints: [{ address: '10.0.0.3' }],
    },
  ],
};

/** Sends calls to a service and to its subset, so that the policies of both matter. */
const caller = {
  hosts: ['reviews'],
  http: [
    {
      route: [
        { destination: { host: 'reviews' }, weight: 1 },
        { destination: { host: 'reviews', subset: 'v1' }, weight: 1 },
      ],
    },
  ],
};

function resourceOf(kind: Kind, name: string, spec: unknown): ConfigResource {
  const key = { group: 'networking.istio.io', kind, namespace: 'default', name };
  return { kind, key, metadata: { name, namespace: 'default' }, spec } as ConfigResource;
}

/** Every path of the spec that the model or the translation for any of the proxies reads. */
function readPaths(kind: Kind, spec: unknown): ReadonlySet<string> {
  const paths = new Set<string>();
  const resources = [
    resourceOf(
      kind,
      'a-subject',
      recordReads(spec, (path) => paths.add(path)),
    ),
    resourceOf('VirtualService', 'caller', caller),
  ];
  const mesh = buildMesh({ catalog, resources, domain: 'service.consul' });
  const proxy = proxyAt('10.0.0.1');
  const workload = mesh.workloads.get(proxy.id.address);
  new SharedConfig(viewOf(proxy, workload, mesh.askedLabels), {}).translate(mesh);
  translateOwn(ownOf(proxy, workload), {});
  return paths;
}

/** Whether the field is read when it is there, in an object that has the lists it stands in. */
function isRead(kind: Kind, path: string, sample: unknown): boolean {
  return (bases[kind] ?? [])
    .filter((base) => hasLists(base, path))
    .some((base) => readPaths(kind, withValue(base, path, sample)).has(path));
}

/** Whether it depends on the value what becomes of the field. */
function isPartly(kind: Kind, path: string): boolean {
  return dormant[kind].some((row) => row.path === path && row.when !== undefined);
}

function isListed(kind: Kind, path: string, sample: unknown): boolean {
  const given = withValue({}, path, sample);
  return [...findDormantFields(kind, given)].length > 0;
}

describe('the table of what is not in force', () => {
  it('is what docs/config-kinds.md says', () => {
    matchGolden(join(import.meta.dirname, '../docs/config-kinds.md'), renderKinds());
  });

  for (const definition of kinds) {
    const { kind } = definition;
    if (kind === 'Namespace') continue;
    if (!isInForce(kind)) {
      it(`has ${kind} as a whole`, () => {
        assert.deepEqual(dormant[kind], [{}]);
      });
      continue;
    }
    it(`names the fields of ${kind} that nothing reads, and no others`, () => {
      const differing = leavesOf(definition).flatMap(({ path, sample }) => {
        if (isPartly(kind, path)) return [];
        const [read, listed] = [isRead(kind, path, sample), isListed(kind, path, sample)];
        if (read !== listed) return [];
        return `${path} is ${read ? 'read and' : 'neither read nor'} listed`;
      });
      assert.deepEqual(differing, []);
    });
  }
});
