import type { Problem } from '../../kit/problem.ts';
import { decodeMetadata } from './decode-metadata.ts';
import { findDormantFields } from './dormant-fields.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, invalid, required, unknownField, unknownKind } from './field-error.ts';
import type { KindDefinition } from './kind.ts';
import { findKind, keyOf } from './kinds.ts';
import { prune } from './prune.ts';
import type { ConfigObject, ConfigResource, Json, ObjectMeta } from './resource.ts';
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
    return refuse('object', [required('apiVersion, kind', 'write both, as texts')]);
  }
  const definition = findKind(apiVersion, kind);
  if (definition === undefined) {
    return refuse(kind, [unknownKind(apiVersion, kind)]);
  }
  return decodeKnown(fields, definition, unknownFields);
}

function decodeKnown(
  fields: Fields,
  definition: KindDefinition,
  unknownFields: UnknownFields,
): DecodeResult {
  const { metadata, errors, unknown } = decodeMetadata(fields['metadata']);
  const spec = decodeSpec(fields['spec'] ?? {}, definition, metadata);
  const place = `${definition.kind} ${metadata.namespace}/${metadata.name}`;
  const strangers = judgeUnknown(
    [...unknownTopLevel(fields), ...unknown, ...spec.unknown],
    unknownFields,
  );
  const found = [...strangers, ...errors, ...spec.errors];
  const inPlace = (error: FieldError): Problem => ({ ...error, resource: place });
  if (found.some(({ severity }) => severity === 'error')) {
    return { ok: false, problems: found.map(inPlace) };
  }
  const dormant = [...findDormantFields(definition.kind, spec.value)];
  const warnings = [...found, ...dormant].map(inPlace);
  return { ok: true, warnings, ...assemble(fields, metadata, spec.value) };
}

interface DecodedSpec {
  readonly value: unknown;
  readonly errors: readonly FieldError[];
  readonly unknown: readonly FieldError[];
}

function decodeSpec(value: unknown, definition: KindDefinition, metadata: ObjectMeta): DecodedSpec {
  const pruned = prune(value, definition.schema, 'spec');
  const unknown = pruned.unknown.map(unknownField);
  const faults = validateSchema(pruned.value, definition.schema, 'spec');
  const errors = faults.length > 0 ? faults : [...definition.validate(pruned.value, metadata)];
  return { value: pruned.value, errors, unknown };
}

function unknownTopLevel(fields: Fields): readonly FieldError[] {
  const known = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
  return Object.keys(fields)
    .filter((name) => !known.includes(name))
    .map(unknownField);
}

function judgeUnknown(unknown: readonly FieldError[], mode: UnknownFields): readonly FieldError[] {
  if (mode === 'Ignore') return [];
  return mode === 'Warn' ? unknown.map(asWarning) : unknown;
}

function assemble(fields: Fields, metadata: ObjectMeta, spec: unknown): DecodedObject {
  const object: ConfigObject = {
    apiVersion: fields['apiVersion'] as string,
    kind: fields['kind'] as string,
    metadata,
    spec: spec as Json,
    ...(isFields(fields['status']) ? { status: fields['status'] as Json } : {}),
  };
  return { object, resource: resourceOf(object) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The model's view of an object that has been decoded. */
export function resourceOf(object: ConfigObject): ConfigResource {
  const { kind, metadata, spec } = object;
  return { kind, key: keyOf(object), metadata, spec } as ConfigResource;
}

function refuse(resource: string, errors: readonly FieldError[]): DecodeResult {
  return { ok: false, problems: errors.map((error) => ({ ...error, resource })) };
}
