import type { FieldError } from './field-error.ts';
import { forbidden, invalid, notKept, required, unknownField } from './field-error.ts';
import { checkAnnotations, checkLabels, isDnsLabel } from './field-rules.ts';
import type { KindDefinition } from './kind.ts';
import { fallbackNamespace } from './namespace.ts';
import type { ObjectMeta } from './resource.ts';
import { message, text, textMap } from './schema.ts';
import { Type } from 'typebox';
import { validateSchema } from './validate-schema.ts';

/** Fields of Kubernetes' ObjectMeta that are accepted and not kept. */
const ignored = [
  'generateName',
  'selfLink',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
];

/** Those of them that somebody would rely on. */
const relied: Readonly<Record<string, string>> = {
  ownerReferences: 'nothing is deleted along with an owner here',
  finalizers: 'a deletion waits for nobody here',
};

const schema = message('Metadata of an object.', {
  name: text('Name, unique in its namespace and kind.'),
  namespace: text('Namespace.'),
  labels: textMap('Labels for selecting.'),
  annotations: textMap('Notes of tools and people.'),
  uid: text('Unique id.'),
  resourceVersion: text('Version in the store.'),
  generation: Type.Integer(),
  creationTimestamp: text('When it was created.'),
  deletionTimestamp: text('When its deletion began.'),
  managedFields: Type.Array(Type.Unknown()),
});

export interface DecodedMetadata {
  readonly metadata: ObjectMeta;
  /** Some are warnings. */
  readonly errors: readonly FieldError[];
  readonly unknown: readonly FieldError[];
}

type KindPlace = Pick<KindDefinition, 'isClusterScoped' | 'givenLabels'>;

/** Reads the metadata of an object; what is wrong is collected, and the rest is filled in. */
export function decodeMetadata(value: unknown, kind: KindPlace): DecodedMetadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const errors = [required('metadata', 'write at least metadata.name')];
    return { metadata: nameless, errors, unknown: [] };
  }
  const { fields, unknown } = splitFields(value);
  const errors = validateSchema(fields, schema, 'metadata');
  if (errors.length > 0) return { metadata: { ...nameless, ...named(fields) }, errors, unknown };
  const metadata = withDefaults(fields, kind);
  const placed = kind.isClusterScoped === true ? [...checkNoNamespace(fields)] : [];
  return {
    metadata,
    errors: [...checkMetadata(metadata), ...placed, ...findDropped(value)],
    unknown,
  };
}

function findDropped(value: object): readonly FieldError[] {
  return Object.entries(value).flatMap(([name, field]: readonly [string, unknown]) => {
    const why = Object.hasOwn(relied, name) ? relied[name] : undefined;
    const isSet = Array.isArray(field) && field.length > 0;
    return why === undefined || !isSet ? [] : [notKept(`metadata.${name}`, why)];
  });
}

const nameless: ObjectMeta = { name: '', namespace: fallbackNamespace };

/** What messages call the object, where another field is wrong. */
function named({ name, namespace }: Partial<ObjectMeta>): Partial<ObjectMeta> {
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof namespace === 'string' ? { namespace } : {}),
  };
}

function splitFields(value: object): {
  readonly fields: Partial<ObjectMeta>;
  readonly unknown: readonly FieldError[];
} {
  const known: [string, unknown][] = [];
  const unknown: FieldError[] = [];
  const siblings = Object.keys(schema.properties);
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (Object.hasOwn(schema.properties, name)) {
      if (field !== null && !isEmptyMap(field)) known.push([name, field]);
    } else if (!ignored.includes(name)) unknown.push(unknownField(`metadata.${name}`, siblings));
  }
  return { fields: Object.fromEntries(known), unknown };
}

/** Without labels and with no labels is the same. */
function isEmptyMap(field: unknown): boolean {
  if (typeof field !== 'object' || field === null || Array.isArray(field)) return false;
  return Object.keys(field).length === 0;
}

function withDefaults(
  { namespace: given = '', name = '', labels, deletionTimestamp, ...fields }: Partial<ObjectMeta>,
  { isClusterScoped, givenLabels }: KindPlace,
): ObjectMeta {
  const namespace = given === '' ? fallbackNamespace : given;
  const written = without(labels, givenLabels?.(name));
  return {
    name,
    ...(isClusterScoped === true ? {} : { namespace }),
    ...(written === undefined ? {} : { labels: written }),
    ...fields,
    // All others go at once, and what another cluster says of them is not so here.
    ...(isClusterScoped === true && isTime(deletionTimestamp) ? { deletionTimestamp } : {}),
  };
}

function isTime(given: string | undefined): given is string {
  return given !== undefined && !Number.isNaN(Date.parse(given));
}

/** The labels that somebody wrote; without any, there are none. */
function without(labels: Labels | undefined, given: Labels | undefined): Labels | undefined {
  if (labels === undefined || given === undefined) return labels;
  const written = Object.entries(labels).filter(([name]) => !Object.hasOwn(given, name));
  return written.length === 0 ? undefined : Object.fromEntries(written);
}

type Labels = Readonly<Record<string, string>>;

function* checkNoNamespace({ namespace = '' }: Partial<ObjectMeta>): Iterable<FieldError> {
  if (namespace !== '') yield forbidden('metadata.namespace', 'not allowed on this type');
}

/** Labels of a DNS name, which Kubernetes lets be longer here than in DNS (apimachinery, IsDNS1123Subdomain). */
const objectName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

function* checkMetadata(metadata: ObjectMeta): Iterable<FieldError> {
  const { name, namespace } = metadata;
  if (name === '') yield required('metadata.name', 'write a name');
  else if (name.length > 253 || !objectName.test(name)) {
    yield invalid(
      'metadata.name',
      name,
      'must be lower-case letters, digits, - and . (a DNS name, RFC 1123), at most 253 characters',
    );
  }
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    yield invalid('metadata.namespace', namespace, 'must be lower-case letters, digits and -');
  }
  yield* checkLabels('metadata.labels', metadata.labels);
  yield* checkAnnotations('metadata.annotations', metadata.annotations);
}
