import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** The names people know from Istio's sample. */
const known = [
  'bookinfo-gateway',
  'certmanager-gateway',
  'destination-rule-all',
  'destination-rule-all-mtls',
  'destination-rule-reviews',
  'egress-rule-google-apis',
  'fault-injection-details-v1',
  'virtual-service-all-v1',
  'virtual-service-details-v2',
  'virtual-service-ratings-db',
  'virtual-service-ratings-mysql',
  'virtual-service-ratings-mysql-vm',
  'virtual-service-ratings-test-abort',
  'virtual-service-ratings-test-delay',
  'virtual-service-reviews-50-v3',
  'virtual-service-reviews-80-20',
  'virtual-service-reviews-90-10',
  'virtual-service-reviews-jason-v2-v3',
  'virtual-service-reviews-test-v2',
  'virtual-service-reviews-v2-v3',
  'virtual-service-reviews-v3',
];

interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number: number };
}

interface Rule {
  readonly route: readonly { readonly destination: Destination; readonly weight?: number }[];
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly host?: string;
    readonly hosts?: readonly string[];
    readonly gateways?: readonly string[];
    readonly http?: readonly Rule[];
    readonly subsets?: readonly {
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
    }[];
  };
}

const folder = new URL('.', import.meta.url);

function read(name: string): readonly Resource[] {
  const documents = parseAllDocuments(readFileSync(new URL(`${name}.yaml`, folder), 'utf8'));
  return [...documents].map((document) => {
    assert.deepEqual([document.errors, document.warnings], [[], []], name);
    return document.toJS() as Resource;
  });
}

const files = known.map((name) => ({ name, resources: read(name) }));
const all = files.flatMap(({ resources }) => resources);
const services = ['productpage', 'details', 'reviews', 'ratings'];

/** `host/subset` for every subset that destination-rule-all declares. */
const declared = new Set(
  read('destination-rule-all').flatMap(({ spec }) =>
    (spec.subsets ?? []).map(({ name }) => `${spec.host ?? ''}/${name}`),
  ),
);

describe('bookinfo networking files', () => {
  it('are the 21 that people know', () => {
    const found = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    assert.deepEqual(new Set(found), new Set(known.map((name) => `${name}.yaml`)));
  });

  it('say in their first line what they show', () => {
    const silent = known.filter((name) => {
      const [first = ''] = readFileSync(new URL(`${name}.yaml`, folder), 'utf8').split('\n');
      return !/^# \S.{20,97}\.$/.test(first);
    });
    assert.deepEqual(silent, []);
  });

  it('are Istio resources of version v1, each once in a file', () => {
    const kinds = ['DestinationRule', 'Gateway', 'ServiceEntry', 'VirtualService'];
    const wrong = all.filter(
      ({ apiVersion, kind }) => apiVersion !== 'networking.istio.io/v1' || !kinds.includes(kind),
    );
    const repeated = files.filter(({ resources }) => {
      const keys = resources.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
      return keys.length === 0 || new Set(keys).size < keys.length;
    });
    assert.deepEqual([wrong, repeated], [[], []]);
  });

  it('route to hosts and subsets that exist', () => {
    const unknown = files.flatMap(({ name, resources }) =>
      resources
        .flatMap(({ spec }) => (spec.http ?? []).flatMap(({ route }) => route))
        .filter(({ destination: { host, subset } }) =>
          // The solver of cert-manager is no part of the sample.
          subset === undefined
            ? ![...services, 'cert-manager-resolver'].includes(host)
            : !declared.has(`${host}/${subset}`),
        )
        .map(({ destination }) => ({ name, destination })),
    );
    assert.deepEqual(unknown, []);
  });

  it('name hosts as the services call each other, and gateways of the same file', () => {
    const wrong = files.flatMap(({ name, resources }) => {
      const gateways = resources.filter(({ kind }) => kind === 'Gateway');
      const allowed = [...services, ...(gateways.length > 0 ? ['*'] : [])];
      return resources
        .filter(({ kind }) => kind === 'VirtualService' || kind === 'DestinationRule')
        .filter(({ spec }) => {
          const hosts = spec.hosts ?? [spec.host ?? ''];
          const named = gateways.map(({ metadata }) => metadata.name);
          return (
            !hosts.every((host) => allowed.includes(host)) ||
            !(spec.gateways ?? []).every((gateway) => named.includes(gateway))
          );
        })
        .map(({ metadata }) => `${name}: ${metadata.name}`);
    });
    assert.deepEqual(wrong, []);
  });

  it('select subsets by the version they are named after', () => {
    const wrong = all.flatMap(({ spec }) =>
      (spec.subsets ?? []).filter(({ name, labels }) => labels['version'] !== name),
    );
    assert.deepEqual(wrong, []);
  });

  it('split all of the traffic: weights add up to 100', () => {
    const sums = all.flatMap(({ spec }) =>
      (spec.http ?? [])
        .filter(({ route }) => route.length > 1)
        .map(({ route }) => route.reduce((sum, { weight = 0 }) => sum + weight, 0)),
    );
    assert.deepEqual(sums, [100, 100, 100, 100]);
  });
});
