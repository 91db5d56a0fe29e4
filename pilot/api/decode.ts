import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';
import { decodeMetadata } from './decode-metadata.ts';
import { findDormantFields } from './dormant-fields.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, invalid, required, unknownField, unknownKind } from './field-error.ts';
import type { KindDefinition } from './kind.ts';
import { findKind, formatApiVersion, keyOf, kinds, showKey } from './kinds.ts';
import { type Pruned, prune } from './prune.ts';
import type { ConfigObject, ConfigResource, Json, ObjectMeta } from './resource.ts';
import { bodyOf } from './resource.ts';
import { validateSchema } from './validate-schema.ts';

/** What happens to fields that a kind does not have: the object is refused, warned of, or just pruned. */
export type UnknownFields = 'Strict' | 'Warn' | 'Ignore';

export interface DecodedObject {
  /** As it is to be stored: without unknown fields. */
  readonly object: ConfigObject;
  /** As the model reads it. */
  readonly resource: ConfigResource;
}

export type DecodeResult =
  | ({ readonly ok: true; readonly warnings: readonly Problem[] } & DecodedObject)
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Fields = Readonly<Record<string, unknown>>;

/**
 * Decodes an object that somebody wrote: structure first, then the rules of its kind. All that is wrong with
 * it is reported at once. The result shares nothing with `value`.
 */
export function decodeObject(value: unknown, unknownFields: UnknownFields): DecodeResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('object', [invalid('', value, 'must be an object with apiVersion and kind')]);
  }
  const fields = value as Fields;
  const { apiVersion, kind } = fields;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    return refuse('object', [adviseOnUntyped(fields)]);
  }
  const definition = findKind(apiVersion, kind);
  if (definition === undefined) {
    return refuse(kind, [unknownKind(apiVersion, kind, adviseOnKind(kind))]);
  }
  return decodeKnown(fields, definition, unknownFields);
}

/** One of the two alone nearly says the other. */
function adviseOnUntyped({ apiVersion, kind }: Fields): FieldError {
  if (typeof apiVersion === 'string') return required('kind', 'write it, such as VirtualService');
  if (typeof kind !== 'string') return required('apiVersion, kind', 'write both, as texts');
  return required('apiVersion', adviseOnKind(kind) || 'write it, such as networking.istio.io/v1');
}

/** What may be meant by a kind that is not served: the same in another version, or one that is written alike. */
function adviseOnKind(kind: string): string {
  const same = kinds.filter((known) => known.kind === kind);
  const versions = same.flatMap((known) =>
    known.versions.map((version) => formatApiVersion(known.group, version)),
  );
  if (versions.length > 0) return `its apiVersion is ${versions.join(' or ')}`;
  const names = kinds.map((known) => known.kind);
  const nearest = findNearest(
    kind,
    names.map((name) => name.toLowerCase()),
  );
  const meant = names.find((name) => name.toLowerCase() === nearest);
  return meant === undefined ? '' : `did you mean "${meant}"?`;
}

function decodeKnown(
  fields: Fields,
  definition: KindDefinition,
  unknownFields: UnknownFields,
): DecodeResult {
  const { metadata, errors, unknown } = decodeMetadata(fields['metadata'], definition);
  const spec = decodeBody(fields, definition, metadata);
  const { namespace = '', name } = metadata;
  const place = showKey({ kind: definition.kind, namespace, name });
  const strangers = judgeUnknown(
    [...unknownTopLevel(fields, definition), ...unknown, ...spec.unknown],
    unknownFields,
  );
  const found = [...strangers, ...errors, ...spec.errors];
  const inPlace = (error: FieldError): Problem => ({ ...error, resource: place });
  if (found.some(({ severity }) => severity === 'error')) {
    return { ok: false, problems: found.map(inPlace) };
  }
  const dormant = [...findDormantFields(definition.kind, spec.value)];
  const warnings = [...found, ...dormant].map(inPlace);
  return { ok: true, warnings, ...assemble(fields, metadata, spec.body) };
}

/**
 * The fields of an object of a kind that it does not have, without a judgement of the rest: for those who merge an
 * object before it is decoded.
 */
export function findUnknownFields(
  fields: Fields,
  definition: KindDefinition,
  unknownFields: UnknownFields,
): readonly Problem[] {
  if (unknownFields === 'Ignore') return [];
  const { metadata, unknown } = decodeMetadata(fields['metadata'], definition);
  const { namespace = '', name } = metadata;
  const resource = showKey({ kind: definition.kind, namespace, name });
  const inBody = unknownOf(pruneBody(fields, definition), definition);
  const strangers = [...unknownTopLevel(fields, definition), ...unknown, ...inBody];
  return judgeUnknown(strangers, unknownFields).map((error) => ({ ...error, resource }));
}

interface DecodedBody {
  readonly value: unknown;
  /** The value as it stands in the object. */
  readonly body: Readonly<Record<string, Json>>;
  readonly errors: readonly FieldError[];
  readonly unknown: readonly FieldError[];
}

const headFields = ['apiVersion', 'kind', 'metadata', 'status'];

function decodeBody(fields: Fields, definition: KindDefinition, metadata: ObjectMeta): DecodedBody {
  const { schema, isFlat, isSecret, normalize = (given: unknown) => given } = definition;
  const pruned = pruneBody(fields, definition);
  const faults = validateSchema(pruned.value, schema, 'spec', isSecret);
  const errors = faults.length > 0 ? faults : [...definition.validate(pruned.value, metadata)];
  const value = errors.some(({ severity }) => severity === 'error')
    ? pruned.value
    : normalize(pruned.value);
  const body = isFlat === true ? (value as Record<string, Json>) : { spec: value as Json };
  return {
    value,
    body,
    errors: errors.map((error) => ({ ...error, path: placeOf(error.path, definition) })),
    unknown: unknownOf(pruned, definition),
  };
}

function pruneBody(fields: Fields, { schema, isFlat }: KindDefinition): Pruned {
  return prune(isFlat === true ? flatBody(fields) : (fields['spec'] ?? {}), schema, 'spec');
}

function unknownOf({ unknown }: Pruned, definition: KindDefinition): readonly FieldError[] {
  return unknown.map(({ path, siblings }) => unknownField(placeOf(path, definition), siblings));
}

/** The fields of a flat kind stand beside the metadata. */
function placeOf(path: string, { isFlat }: KindDefinition): string {
  return isFlat === true ? path.replace(/^spec\./, '') : path;
}

function flatBody(fields: Fields): unknown {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !headFields.includes(name)));
}

/** In a flat kind, what is unknown beside the metadata is found with the rest of the body. */
function unknownTopLevel(fields: Fields, { isFlat }: KindDefinition): readonly FieldError[] {
  if (isFlat === true) return [];
  return Object.keys(fields)
    .filter((name) => name !== 'spec' && !headFields.includes(name))
    .map((name) => unknownField(name, ['spec', ...headFields]));
}

function judgeUnknown(unknown: readonly FieldError[], mode: UnknownFields): readonly FieldError[] {
  if (mode === 'Ignore') return [];
  return mode === 'Warn' ? unknown.map(asWarning) : unknown;
}

function assemble(
  fields: Fields,
  metadata: ObjectMeta,
  body: Readonly<Record<string, Json>>,
): DecodedObject {
  const object: ConfigObject = {
    apiVersion: fields['apiVersion'] as string,
    kind: fields['kind'] as string,
    metadata,
    ...body,
    ...(isFields(fields['status']) ? { status: fields['status'] as Json } : {}),
  };
  return { object, resource: resourceOf(object) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The model's view of an object that has been decoded. */
export function resourceOf(object: ConfigObject): ConfigResource {
  const { kind, metadata } = object;
  const spec = object.spec ?? bodyOf(object);
  return { kind, key: keyOf(object), metadata, spec } as ConfigResource;
}

function refuse(resource: string, errors: readonly FieldError[]): DecodeResult {
  return { ok: false, problems: errors.map((error) => ({ ...error, resource })) };
}
