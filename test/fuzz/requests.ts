import { formatApiVersion, kinds } from '../../pilot/api/kinds.ts';
import { samples } from '../support/kind-samples.ts';
import type { Random } from './random.ts';
import { mutate, nastyTexts, nastyValue } from './values.ts';

/** A request as it is sent. */
export interface FuzzRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const methods = [
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'PATCH',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
];

const plainTypes = ['application/json', 'application/json; charset=utf-8'];

const patchTypes = [
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/apply-patch+yaml',
  'application/strategic-merge-patch+json',
];

const bodyTypes = [
  ...plainTypes,
  ...patchTypes,
  ...['application/vnd.kubernetes.protobuf', 'text/plain', 'application/yaml'],
  ...['multipart/form-data', 'APPLICATION/JSON', ';', 'application/'],
];

const accepts = [
  ...['application/json', '*/*', '', 'application/vnd.kubernetes.protobuf'],
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
];

const names = ['reviews', 'reviews', 'ratings', 'a.b.c'];
const namespaces = ['default', 'default', 'default', 'shop'];
/** They meet often, so that there is something to change. */
const oftenKinds = kinds.filter(({ kind }) =>
  ['VirtualService', 'Secret', 'Gateway'].includes(kind),
);

const fixedPaths = [
  ...[
    '/version',
    '/api',
    '/apis',
    '/api/v1',
    '/openapi/v2',
    '/openapi/v3',
    '/debug',
    '/readyz',
    '/livez',
  ],
  ...[
    '/apis/networking.istio.io',
    '/apis/networking.istio.io/v1',
    '/openapi/v3/api/v1',
    '/mesh/v1/names',
  ],
  ...[
    '/api/v1/namespaces',
    '/api/v1/namespaces/shop',
    '/api/v1/events',
    '/',
    '//',
    '/healthz/ready',
  ],
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
  '/apis/authentication.k8s.io/v1/selfsubjectreviews',
];

const parameters: Readonly<Record<string, readonly string[]>> = {
  labelSelector: ['app=a', 'app in (a,b)', '!app', 'app!=a,tier', 'a=b=c', 'app in (a', ',,,'],
  fieldSelector: ['metadata.name=reviews', 'metadata.namespace!=x', 'spec.host=a', 'type=Opaque'],
  limit: ['1', '2', '0', '-1', '1e9', 'x'],
  continue: ['', 'e30', 'AAAA', 'eyJ2IjoxfQ'],
  dryRun: ['All', 'Some', ''],
  fieldValidation: ['Strict', 'Warn', 'Ignore', 'x'],
  fieldManager: ['kubectl', 'me', ''],
  force: ['true', 'false'],
  resourceVersion: ['0', '1', '99999999999999', 'x', ''],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'x'],
  includeObject: ['None', 'Metadata', 'Object', 'x'],
  propagationPolicy: ['Background', 'x'],
  timeoutSeconds: ['1', '-1', 'x'],
};

/** A request near one that makes sense: most are valid in all but one or two places. */
export function makeRequest(random: Random): FuzzRequest {
  const place = makePlace(random);
  const method = random.pick(methods);
  const url = `${pathOf(place, method, random)}${query(random)}`;
  const isRead = method === 'GET' || method === 'HEAD';
  if (!random.chance(isRead ? 0.02 : 0.95)) {
    return { method, url, headers: { host: 'localhost', ...headers(random) } };
  }
  const type = typeFor(method, random);
  return {
    method,
    url,
    headers: { host: 'localhost', ...headers(random), 'content-type': type },
    body: makeBody(random, objectAt(place, random), type),
  };
}

/** What a request is about. */
interface Place {
  readonly definition: (typeof kinds)[number];
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
}

function makePlace(random: Random): Place {
  const definition = random.pick(random.chance(0.7) ? oftenKinds : kinds);
  const version = random.pick(random.chance(0.95) ? definition.versions : nastyTexts);
  return { definition, version, namespace: text(random, namespaces), name: text(random, names) };
}

function pathOf(place: Place, method: string, random: Random): string {
  if (random.chance(0.08)) return random.pick(fixedPaths);
  const { definition, version, namespace, name } = place;
  const { group, plural, isClusterScoped } = definition;
  const root = group === '' ? '/api/v1' : `/apis/${group}/${segment(version, random)}`;
  if (random.chance(0.03)) return `${root}/${plural}`;
  const isPlaced = isClusterScoped !== true || random.chance(0.05);
  const scope = isPlaced ? `/namespaces/${segment(namespace, random)}` : '';
  const collection = `${root}${scope}/${plural}`;
  if (!random.chance(method === 'POST' ? 0.05 : 0.8)) return collection;
  return `${collection}/${segment(name, random)}${random.chance(0.03) ? '/status' : ''}`;
}

function objectAt({ definition, version, namespace, name }: Place, random: Random): object {
  return {
    apiVersion: formatApiVersion(definition.group, version),
    kind: definition.kind,
    metadata: metadata(random, name, namespace),
    ...(samples[definition.kind]?.body ?? { spec: {} }),
  };
}

function typeFor(method: string, random: Random): string {
  if (random.chance(0.1)) return random.pick(bodyTypes);
  return random.pick(method === 'PATCH' ? patchTypes : plainTypes);
}

function text(random: Random, usual: readonly string[]): string {
  return random.chance(0.92) ? random.pick(usual) : random.pick(nastyTexts);
}

/** As a part of a path: escaped as it should be, or not. */
function segment(part: string, random: Random): string {
  if (random.chance(0.9)) return encode(part);
  if (random.chance(0.5)) return percent(part);
  return part.replace(/[\0-\x20\x7f-\uffff]/g, percent);
}

function encode(part: string): string {
  return encodeURIComponent(part.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function percent(part: string): string {
  return [...Buffer.from(part)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function metadata(random: Random, name: string, namespace: string): object {
  return {
    name,
    namespace,
    ...(random.chance(0.2) ? { labels: { app: 'a' } } : {}),
    ...(random.chance(0.1) ? { annotations: { note: random.pick(nastyTexts) } } : {}),
    ...(random.chance(0.05) ? { resourceVersion: random.pick(['1', 'x', '']) } : {}),
    ...(random.chance(0.05) ? { uid: 'x' } : {}),
    ...(random.chance(0.05) ? { managedFields: nastyValue(random) } : {}),
  };
}

function query(random: Random): string {
  const count = random.pick([0, 0, 0, 1, 1, 2, 4]);
  const given = Array.from({ length: count }, () => {
    const key = random.pick(Object.keys(parameters));
    return `${key}=${encode(text(random, parameters[key] ?? []))}`;
  });
  if (random.chance(0.01)) {
    given.push(random.pick(['&&=&', '%', '__proto__[a]=1', 'a[b][c]=d', '=']));
  }
  return given.length === 0 ? '' : `?${given.join('&')}`;
}

function headers(random: Random): Record<string, string> {
  return {
    accept: random.pick(accepts),
    ...(random.chance(0.05) ? { 'user-agent': headerText(random) } : {}),
    ...(random.chance(0.03)
      ? { authorization: random.pick(['Bearer x', 'Basic eA==', '', 'Bearer']) }
      : {}),
    ...(random.chance(0.03) ? { 'x-forwarded-for': '10.0.0.1' } : {}),
    ...(random.chance(0.02) ? { origin: 'https://example.com' } : {}),
    ...(random.chance(0.02) ? { 'if-none-match': headerText(random) } : {}),
    ...(random.chance(0.02) ? { 'accept-encoding': headerText(random) } : {}),
  };
}

function headerText(random: Random): string {
  return random.pick(nastyTexts).replace(/[^\x20-\x7e]/g, '');
}

function makeBody(random: Random, object: object, type: string): string | Buffer {
  if (type.includes('protobuf')) return mutateBytes(protobuf(object), random);
  let value: unknown = type.includes('json-patch') ? jsonPatch(random) : object;
  for (let times = random.pick([0, 0, 0, 1, 1, 1, 2, 3]); times > 0; times -= 1) {
    value = mutate(value, random);
  }
  const json = JSON.stringify(value);
  if (random.chance(0.01)) return json.slice(0, random.integer(json.length));
  if (random.chance(0.01)) return mutateBytes(Buffer.from(json), random);
  if (random.chance(0.003)) return `{"spec":${'['.repeat(random.integer(5000))}`;
  return json;
}

function jsonPatch(random: Random): unknown {
  const paths = [
    '/spec',
    '/spec/hosts/0',
    '/metadata/labels',
    '/metadata/name',
    '',
    '/a/b',
    '/spec/http/-',
    '/__proto__/x',
    '/constructor/prototype/x',
    '/metadata/managedFields',
    '/spec/hosts/99',
  ];
  return Array.from({ length: 1 + random.integer(3) }, () => ({
    op: random.pick(['add', 'remove', 'replace', 'copy', 'move', 'test']),
    path: random.pick(paths),
    from: random.pick(paths),
    value: nastyValue(random),
  }));
}

/** A Namespace in the envelope of Kubernetes' protobuf. */
function protobuf(object: object): Buffer {
  const {
    metadata: { name },
  } = object as { readonly metadata: { readonly name: string } };
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, content.length % 128]), content]);
  const typeMeta = Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('Namespace'))]);
  const raw = field(1, field(1, Buffer.from(name.slice(0, 100))));
  return Buffer.concat([Buffer.from('k8s\0'), field(1, typeMeta), field(2, raw)]);
}

/** Some bytes become others, go or come twice. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed = bytes;
  for (let times = random.integer(4); times > 0; times -= 1) {
    const at = random.integer(changed.length + 1);
    const length = random.integer(4);
    const middle = random.pick([
      Buffer.alloc(0),
      Buffer.from([random.integer(256)]),
      changed.subarray(at, at + length + 8),
    ]);
    changed = Buffer.concat([changed.subarray(0, at), middle, changed.subarray(at + length)]);
  }
  return changed;
}
