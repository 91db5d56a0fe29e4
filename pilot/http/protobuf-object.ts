import { badRequest } from './api-error.ts';
import { readFields } from './protobuf-wire.ts';

/**
 * kubectl from 1.32 on, and Go clients for the built-in kinds, send objects in protobuf and take no refusal
 * for a hint to send JSON. Answers are JSON, which they accept. Here stand the messages that they send
 * (k8s.io/api and k8s.io/apimachinery, generated.proto); fields that the API does not read are left out.
 */
type Shape = Readonly<Record<number, Member>>;

type Member =
  | { readonly name: string; readonly kind: 'text' | 'base64' | 'integer' | 'flag' | 'texts' }
  | { readonly name: string; readonly kind: 'map'; readonly values: 'text' | 'base64' }
  | { readonly name: string; readonly kind: 'message'; readonly shape: Shape };

const text = (name: string): Member => ({ name, kind: 'text' });
const flag = (name: string): Member => ({ name, kind: 'flag' });
const texts = (name: string): Member => ({ name, kind: 'texts' });
const integer = (name: string): Member => ({ name, kind: 'integer' });
const textMap = (name: string): Member => ({ name, kind: 'map', values: 'text' });
const bytesMap = (name: string): Member => ({ name, kind: 'map', values: 'base64' });
const message = (name: string, shape: Shape): Member => ({ name, kind: 'message', shape });

const metadata = message('metadata', {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  11: textMap('labels'),
  12: textMap('annotations'),
});

const accessSpec = message('spec', {
  1: message('resourceAttributes', {
    1: text('namespace'),
    2: text('verb'),
    3: text('group'),
    4: text('version'),
    5: text('resource'),
    6: text('subresource'),
    7: text('name'),
  }),
  2: message('nonResourceAttributes', { 1: text('path'), 2: text('verb') }),
});

const deleteOptions: Shape = {
  1: integer('gracePeriodSeconds'),
  2: message('preconditions', { 1: text('uid'), 2: text('resourceVersion') }),
  4: text('propagationPolicy'),
  5: texts('dryRun'),
};

const shapes: Readonly<Record<string, Shape>> = {
  'v1 Namespace': { 1: metadata },
  'v1 Secret': {
    1: metadata,
    2: bytesMap('data'),
    3: text('type'),
    4: textMap('stringData'),
    5: flag('immutable'),
  },
  'v1 ConfigMap': {
    1: metadata,
    2: textMap('data'),
    3: bytesMap('binaryData'),
    4: flag('immutable'),
  },
  'v1 DeleteOptions': deleteOptions,
  'meta.k8s.io/v1 DeleteOptions': deleteOptions,
  'authorization.k8s.io/v1 SelfSubjectAccessReview': { 1: metadata, 2: accessSpec },
  'authorization.k8s.io/v1 SelfSubjectRulesReview': {
    1: metadata,
    2: message('spec', { 1: text('namespace') }),
  },
  'authentication.k8s.io/v1 SelfSubjectReview': { 1: metadata },
};

/** Of k8s.io/apimachinery runtime.Unknown, the envelope: what the bytes are, and the bytes. */
const envelopeShape: Shape = {
  1: message('typeMeta', { 1: text('apiVersion'), 2: text('kind') }),
  2: { name: 'raw', kind: 'base64' },
};

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string };
  readonly raw?: string;
}

const magic = 'k8s\0';

/** The object in the form that JSON has. Throws ApiError 400 for what is none, or of another kind. */
export function decodeProtobuf(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (body.subarray(0, magic.length).toString('latin1') !== magic) {
    throw badRequest('the body is not protobuf of Kubernetes: it does not begin with k8s\\0');
  }
  try {
    const { typeMeta = {}, raw = '' }: Envelope = decode(
      body.subarray(magic.length),
      envelopeShape,
    );
    const { apiVersion = '', kind = '' } = typeMeta;
    const shape = Object.hasOwn(shapes, `${apiVersion} ${kind}`)
      ? shapes[`${apiVersion} ${kind}`]
      : undefined;
    if (shape === undefined) {
      throw new SyntaxError(`${apiVersion} ${kind} is not read as protobuf; send it as JSON`);
    }
    return { apiVersion, kind, ...decode(Buffer.from(raw, 'base64'), shape) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(`the body cannot be read: ${error.message}`);
  }
}

type Decoded = Readonly<Record<string, unknown>>;

function decode(bytes: Buffer, shape: Shape): Decoded {
  const found = new Map<string, unknown>();
  for (const { number, value } of readFields(bytes)) {
    const member = Object.hasOwn(shape, number) ? shape[number] : undefined;
    if (member === undefined) continue;
    const before = found.get(member.name);
    // What is not set comes as an empty text.
    const read = readMember(member, value, before);
    if (read !== '') found.set(member.name, read);
  }
  return Object.fromEntries(found);
}

function readMember(member: Member, value: number | Buffer, before: unknown): unknown {
  if (member.kind === 'integer' || member.kind === 'flag') {
    if (typeof value !== 'number') throw new SyntaxError(`${member.name} is not a number`);
    return member.kind === 'flag' ? value !== 0 : value;
  }
  if (typeof value === 'number') throw new SyntaxError(`${member.name} is a number`);
  switch (member.kind) {
    case 'text':
      return value.toString('utf8');
    case 'base64':
      return value.toString('base64');
    case 'texts':
      return [...((before ?? []) as readonly string[]), value.toString('utf8')];
    case 'message':
      return { ...(before as object | undefined), ...decode(value, member.shape) };
    case 'map':
      return { ...(before as object | undefined), ...readEntry(value, member.values) };
  }
}

/** An entry of a map is a message of its own: key and value. */
function readEntry(entry: Buffer, values: 'text' | 'base64'): object {
  let key = '';
  let held = '';
  for (const { number, value } of readFields(entry)) {
    if (typeof value === 'number') throw new SyntaxError('an entry of a map holds a number');
    if (number === 1) key = value.toString('utf8');
    if (number === 2) held = value.toString(values === 'text' ? 'utf8' : 'base64');
  }
  if (key === '__proto__') throw new SyntaxError('the key __proto__ is not allowed');
  return Object.fromEntries([[key, held]]);
}
