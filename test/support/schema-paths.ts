import type { KindDefinition } from '../../pilot/api/kind.ts';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

/** A field of a kind that holds no other fields. */
export interface Leaf {
  /** Such as `spec.http[].match[].uri.exact`. */
  readonly path: string;
  /** Something that it may hold. */
  readonly sample: unknown;
}

/** All leaves of the schema; the items of lists and the values of maps count as part of their field. */
export function leavesOf(definition: KindDefinition): readonly Leaf[] {
  return [...walk(definition.schema, 'spec')];
}

function* walk(schema: Schema, path: string): Iterable<Leaf> {
  const { properties, items } = schema;
  if (properties !== undefined) {
    for (const [name, field] of Object.entries(properties)) yield* walk(field, `${path}.${name}`);
  } else if (items?.properties !== undefined) yield* walk(items, `${path}[]`);
  else yield { path, sample: sampleOf(schema) };
}

function sampleOf({ type, enum: choices, items, additionalProperties }: Schema): unknown {
  if (choices !== undefined) return choices.at(-1);
  if (items !== undefined) return [sampleOf(items)];
  if (additionalProperties !== undefined) return { sample: sampleOf(additionalProperties) };
  if (type === 'integer' || type === 'number') return 1;
  return type === 'boolean' ? true : '1s';
}

/** `target` with `value` at `path`: what is on the way is made, and the first item of lists is taken. */
export function withValue(target: unknown, path: string, value: unknown): unknown {
  return put(target, path.split(/\.|(?=\[\])/).slice(1), value);
}

function put(target: unknown, steps: readonly string[], value: unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (step === '[]') {
    const [first, ...others] = Array.isArray(target) ? (target as readonly unknown[]) : [];
    return [put(first ?? {}, rest, value), ...others];
  }
  const fields = (target ?? {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: put(fields[step], rest, value) };
}

/** Whether `target` has an item in every list on the way to `path`. */
export function hasLists(target: unknown, path: string): boolean {
  const lists = path.split('[]').slice(0, -1);
  return lists.every((_, index) => {
    const list = valueAt(target, lists.slice(0, index + 1).join('[]'));
    return Array.isArray(list) && list.length > 0;
  });
}

function valueAt(target: unknown, path: string): unknown {
  return path
    .split(/\.|(?=\[\])/)
    .slice(1)
    .reduce<unknown>((at, step) => {
      if (typeof at !== 'object' || at === null) return undefined;
      return (at as Readonly<Record<string, unknown>>)[step === '[]' ? '0' : step];
    }, target);
}
