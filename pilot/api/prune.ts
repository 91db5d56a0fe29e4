import type { TSchema } from 'typebox';

/** A value without what its schema does not know. */
export interface Pruned {
  readonly value: unknown;
  /** The fields that were left out because the schema does not know them. */
  readonly unknown: readonly UnknownField[];
}

export interface UnknownField {
  readonly path: string;
  /** The fields that there are in its place. */
  readonly siblings: readonly string[];
}

/**
 * Copies `value`, leaving out fields that `schema` does not know and fields that are null (in protobuf's
 * JSON null means unset). Values of the wrong type are copied as they are: validation reports them.
 */
export function prune(value: unknown, schema: TSchema, path: string): Pruned {
  const unknown: UnknownField[] = [];
  return { value: copy(value, schema, { path, unknown }), unknown };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

interface Place {
  readonly path: string;
  readonly unknown: UnknownField[];
}

function copy(value: unknown, schema: Schema, place: Place): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return value;
    return value.map((item, index) =>
      copy(item, items, { ...place, path: `${place.path}[${index}]` }),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  if (schema.additionalProperties !== undefined) {
    return copyMap(value, schema.additionalProperties, place);
  }
  return schema.properties === undefined ? value : copyFields(value, schema.properties, place);
}

function copyMap(value: object, items: Schema, place: Place): unknown {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      copy(item, items, { ...place, path: `${place.path}[${key}]` }),
    ]),
  );
}

function copyFields(
  value: object,
  properties: Readonly<Record<string, Schema>>,
  place: Place,
): unknown {
  const fields: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    const path = `${place.path}.${name}`;
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (schema === undefined) place.unknown.push({ path, siblings: Object.keys(properties) });
    else if (item !== null) fields.push([name, copy(item, schema, { ...place, path })]);
  }
  return Object.fromEntries(fields);
}
