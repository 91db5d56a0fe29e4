import { isDeepStrictEqual } from 'node:util';
import { type FieldSet, fieldSet, isEmpty, noFields, oneField, stepInto } from './field-set.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What a schema says of how values merge; everything else in it is of no concern here. */
export interface MergeSchema {
  readonly properties?: Readonly<Record<string, MergeSchema>>;
  readonly additionalProperties?: MergeSchema;
  readonly items?: MergeSchema;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** A value as its parts: fields of an object, or items of a list that has keys. Missing for a whole. */
interface Parts {
  readonly kind: 'object' | 'list';
  readonly entries: ReadonlyMap<string, unknown>;
}

/**
 * Objects are owned field by field, lists with keys item by item, and everything else as a whole, other lists
 * included: as Kubernetes does it for the CRDs of Istio
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
 */
function partsOf(value: unknown, schema: MergeSchema | undefined): Parts | undefined {
  if (isFields(value)) {
    const entries = Object.entries(value).map(([name, field]) => [`f:${name}`, field] as const);
    return { kind: 'object', entries: new Map(entries) };
  }
  const keys = schema?.['x-kubernetes-list-map-keys'];
  if (keys === undefined || !Array.isArray(value)) return undefined;
  const entries = (value as readonly unknown[]).map((item) => [stepOf(item, keys), item] as const);
  const isKeyed = entries.every(([step]) => step !== undefined);
  const named = new Map(entries as readonly (readonly [string, unknown])[]);
  // A list whose items lack keys, or share them, is wrong; validation says so.
  return isKeyed && named.size === value.length ? { kind: 'list', entries: named } : undefined;
}

function stepOf(item: unknown, keys: readonly string[]): string | undefined {
  if (!isFields(item) || !keys.every((key) => Object.hasOwn(item, key))) return undefined;
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]])))}`;
}

function schemaAt(schema: MergeSchema | undefined, step: string): MergeSchema | undefined {
  if (!step.startsWith('f:')) return schema?.items;
  const name = step.slice(2);
  const { properties = {}, additionalProperties } = schema ?? {};
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
}

const isItem = (step: string): boolean => step.startsWith('k:');

/** The fields that somebody owns who has written `value`. */
export function fieldsOf(value: unknown, schema?: MergeSchema, isWhole = false): FieldSet {
  if (value === undefined) return noFields;
  const parts = partsOf(value, schema);
  if (parts === undefined || parts.entries.size === 0) return oneField;
  return fieldSet(
    isWhole,
    [...parts.entries].map(([step, part]) => [
      step,
      fieldsOf(part, schemaAt(schema, step), isItem(step)),
    ]),
  );
}

/** What is different in `after`: fields that are new or have another value, and fields that are gone. */
export interface FieldChanges {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

export function compareFields(before: unknown, after: unknown, schema?: MergeSchema): FieldChanges {
  if (isDeepStrictEqual(before, after)) return { changed: noFields, removed: noFields };
  const old = partsOf(before, schema);
  const fresh = partsOf(after, schema);
  if (old === undefined || fresh?.kind !== old.kind) {
    return { changed: fieldsOf(after, schema), removed: withoutRoot(fieldsOf(before, schema)) };
  }
  const found = [...new Set([...old.entries.keys(), ...fresh.entries.keys()])].map((step) => {
    const was = old.entries.get(step);
    const is = fresh.entries.get(step);
    const inner = schemaAt(schema, step);
    if (was === undefined) {
      return [step, fieldsOf(is, inner, isItem(step)), noFields] as const;
    }
    if (is === undefined) return [step, noFields, fieldsOf(was, inner, isItem(step))] as const;
    const { changed, removed } = compareFields(was, is, inner);
    return [step, changed, removed] as const;
  });
  return {
    changed: fieldSet(
      false,
      found.map(([step, changed]) => [step, changed]),
    ),
    removed: fieldSet(
      false,
      found.map(([step, , removed]) => [step, removed]),
    ),
  };
}

function withoutRoot({ below }: FieldSet): FieldSet {
  return { isIn: false, below };
}

/** `live` with everything that `applied` says; of lists with keys the order of `live` stays. */
export function mergeFields(live: unknown, applied: unknown, schema?: MergeSchema): unknown {
  if (applied === undefined) return live;
  const old = partsOf(live, schema);
  const fresh = partsOf(applied, schema);
  if (old === undefined || fresh?.kind !== old.kind) return applied;
  const merged = new Map(old.entries);
  for (const [step, part] of fresh.entries) {
    merged.set(step, mergeFields(old.entries.get(step), part, schemaAt(schema, step)));
  }
  return assemble(old.kind, merged);
}

function assemble(kind: Parts['kind'], entries: ReadonlyMap<string, unknown>): unknown {
  if (kind === 'list') return [...entries.values()];
  return Object.fromEntries([...entries].map(([step, field]) => [step.slice(2), field]));
}

/** What to take out of a value, and what must stay. */
export interface Removal {
  readonly remove: FieldSet;
  readonly keep: FieldSet;
}

/** `value` without the fields in `remove`, and without objects that this leaves empty; undefined when all goes. */
export function removeFields(
  value: unknown,
  { remove, keep }: Removal,
  schema?: MergeSchema,
): unknown {
  if (isEmpty(remove) || value === undefined) return value;
  const parts = partsOf(value, schema);
  if (parts === undefined) return remove.isIn && !keep.isIn ? undefined : value;
  const rest = [...parts.entries].flatMap(([step, part]) => {
    const inner = { remove: stepInto(remove, step), keep: stepInto(keep, step) };
    const isGone = isItem(step) && inner.remove.isIn && isEmpty(inner.keep);
    const left = isGone ? undefined : removeFields(part, inner, schemaAt(schema, step));
    return left === undefined ? [] : [[step, left] as const];
  });
  if (rest.length === 0 && !keep.isIn) return undefined;
  return assemble(parts.kind, new Map(rest));
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
