/**
 * What is wrong with the JSON form of a protobuf message that somebody wrote (the mapping of proto3): more than a
 * parser tells, which ends at the first mistake and does not say where it stands.
 */
import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { findNearest } from '../../kit/nearest.ts';
import { loadRegistry } from './load-registry.ts';
import { scalarForm } from './json-scalars.ts';
import { wellKnown } from './json-well-known.ts';

export type JsonFault =
  /** The message has no such field; `siblings` are those that it has. */
  | { readonly kind: 'unknown'; readonly path: string; readonly siblings: readonly string[] }
  | {
      readonly kind: 'wrong';
      readonly path: string;
      readonly value: unknown;
      readonly expected: string;
    }
  /** Only one of these fields may be set. */
  | { readonly kind: 'conflict'; readonly path: string; readonly fields: readonly string[] }
  /** An Any says no type, or one that is in no descriptor; `nearest` may be meant. */
  | { readonly kind: 'untyped'; readonly path: string }
  | {
      readonly kind: 'unknown-type';
      readonly path: string;
      readonly type: string;
      readonly nearest?: string;
    }
  /** An extension is named, and has no configuration with a type. */
  | { readonly kind: 'by-name'; readonly path: string };

type Faults = Iterable<JsonFault>;

/** Faults of `value` as a message of the type with this full name; throws when there is no such type. */
export function findJsonFaults(typeName: string, value: unknown, path: string): Faults {
  const type = loadRegistry().getMessage(typeName);
  if (type === undefined) throw new Error(`no message ${typeName} in the descriptor set`);
  return checkMessage(type, value, path);
}

function* checkMessage(type: DescMessage, value: unknown, path: string): Faults {
  if (type.typeName === 'google.protobuf.Any') {
    yield* checkAny(value, path);
    return;
  }
  const special = wellKnown[type.typeName];
  if (special !== undefined) {
    if (!special.accepts(value)) yield { kind: 'wrong', path, value, expected: special.expected };
    return;
  }
  if (!isFields(value)) {
    yield { kind: 'wrong', path, value, expected: `an object, ${type.typeName}` };
    return;
  }
  yield* checkFields(type, value, path);
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function* checkFields(type: DescMessage, fields: Fields, path: string): Faults {
  const set = new Set<DescField>();
  for (const [name, value] of Object.entries(fields)) {
    const field = type.fields.find((one) => one.name === name || one.jsonName === name);
    const place = `${path}.${name}`;
    if (field === undefined) {
      yield { kind: 'unknown', path: place, siblings: type.fields.map((one) => one.name) };
    } else if (value !== null) {
      set.add(field);
      yield* checkField(field, value, place);
    }
  }
  for (const { fields: choices } of type.oneofs) {
    const chosen = choices.filter((one) => set.has(one)).map((one) => one.name);
    if (chosen.length > 1) yield { kind: 'conflict', path, fields: chosen };
  }
  if (isNamedExtension(type) && !type.fields.some((one) => isConfig(one) && set.has(one))) {
    yield { kind: 'by-name', path };
  }
}

/** A message that holds an extension: a name for people, and a configuration whose type says what it is. */
function isNamedExtension({ fields }: DescMessage): boolean {
  return fields.some(isTypedConfig) && fields.some((field) => field.name === 'name');
}

function isTypedConfig({ name }: DescField): boolean {
  return name === 'typed_config';
}

function isConfig(field: DescField): boolean {
  return isTypedConfig(field) || field.name === 'config_discovery';
}

function* checkField(field: DescField, value: unknown, path: string): Faults {
  switch (field.fieldKind) {
    case 'list':
      yield* checkList(field, value, path);
      break;
    case 'map':
      yield* checkMap(field, value, path);
      break;
    case 'message':
    case 'enum':
    case 'scalar':
      yield* checkSingle(field, value, path);
  }
}

function* checkList(field: DescField, value: unknown, path: string): Faults {
  if (!Array.isArray(value)) {
    yield { kind: 'wrong', path, value, expected: 'a list' };
    return;
  }
  for (const [index, item] of value.entries()) yield* checkSingle(field, item, `${path}[${index}]`);
}

function* checkMap(field: DescField, value: unknown, path: string): Faults {
  if (!isFields(value)) {
    yield { kind: 'wrong', path, value, expected: 'an object' };
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    yield* checkSingle(field, item, `${path}[${key}]`);
  }
}

/** One value of a field, be it one of several. */
function* checkSingle(field: DescField, value: unknown, path: string): Faults {
  if (field.message !== undefined) {
    yield* checkMessage(field.message, value, path);
  } else if (field.enum !== undefined) {
    yield* checkEnum(field.enum, value, path);
  } else {
    const { accepts, expected } = scalarForm(field.scalar);
    if (!accepts(value)) yield { kind: 'wrong', path, value, expected };
  }
}

function* checkEnum({ values }: DescEnum, value: unknown, path: string): Faults {
  if (values.some(({ name, number }) => value === name || value === number)) return;
  const expected = `one of ${values.map(({ name }) => name).join(', ')}`;
  yield { kind: 'wrong', path, value, expected };
}

const structs = ['xds.type.v3.TypedStruct', 'udpa.type.v1.TypedStruct'];

function* checkAny(value: unknown, path: string): Faults {
  const url = isFields(value) ? value['@type'] : undefined;
  if (!isFields(value) || typeof url !== 'string' || !url.includes('/')) {
    yield { kind: 'untyped', path: `${path}.@type` };
    return;
  }
  const fields = Object.fromEntries(Object.entries(value).filter(([name]) => name !== '@type'));
  const name = nameOf(url);
  if (structs.includes(name)) {
    yield* checkTypedStruct(fields, path);
    return;
  }
  const type = loadRegistry().getMessage(name);
  if (type === undefined) yield unknownType(`${path}.@type`, name);
  // What has a JSON form of its own stands in `value` beside its type.
  else if (wellKnown[name] !== undefined) {
    yield* checkMessage(type, fields['value'], `${path}.value`);
  } else yield* checkMessage(type, fields, path);
}

/** The text after the last slash is the full name of the type. */
function nameOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** A message of the type that it names, as a Struct: Envoy reads it as if it stood there itself. */
function* checkTypedStruct(fields: Fields, path: string): Faults {
  const url = fields['type_url'] ?? fields['typeUrl'];
  const value = fields['value'] ?? {};
  if (typeof url !== 'string') {
    yield { kind: 'untyped', path: `${path}.type_url` };
    return;
  }
  const type = loadRegistry().getMessage(nameOf(url));
  if (type === undefined) yield unknownType(`${path}.type_url`, nameOf(url));
  else yield* checkMessage(type, value, `${path}.value`);
}

function unknownType(path: string, type: string): JsonFault {
  const names = [...loadRegistry()].flatMap((one) =>
    one.kind === 'message' ? [one.typeName] : [],
  );
  const nearest = findNearest(type, names);
  return { kind: 'unknown-type', path, type, ...(nearest === undefined ? {} : { nearest }) };
}
