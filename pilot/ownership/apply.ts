import { isDeepStrictEqual } from 'node:util';
import {
  intersect,
  isEmpty,
  isSame,
  noFields,
  subtract,
  unite,
  type FieldSet,
} from './field-set.ts';
import {
  compareFields,
  fieldsOf,
  mergeFields,
  removeFields,
  type FieldChanges,
  type Fields,
  type MergeSchema,
} from './field-walk.ts';
import { isSameWriter, type Manager, type Writer } from './managers.ts';

/** A server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/. */
export interface Application {
  /** What is stored; missing for a new object. */
  readonly live?: Fields;
  /** What the writer wants, all of it and nothing else. */
  readonly applied: Fields;
  readonly schema: MergeSchema;
  readonly managers: readonly Manager[];
  readonly writer: Writer;
  /** Whether fields of others are taken from them. */
  readonly force: boolean;
}

/** A field that the writer wants to have another value than its owner gave it. */
export interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

export type Applied =
  | { readonly ok: true; readonly content: Fields; readonly managers: readonly Manager[] }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** Owns what an object had before its first apply, when nobody had been written down. */
const beforeFirstApply = 'before-first-apply';

/**
 * Merges what is applied into what is there: the writer owns what they apply; what they applied before and no
 * longer do goes, unless it is somebody else's too.
 */
export function applyFields(application: Application): Applied {
  const { live = {}, applied, schema, writer, force } = application;
  const managers = knownManagers(application);
  const others = managers.filter((manager) => !isSameWriter(manager, writer));
  const last = managers.find((manager) => isSameWriter(manager, writer));
  const wanted = fieldsOf(applied, schema);
  const merged = mergeFields(live, applied, schema);
  const keep = others.map(({ fields }) => fields).reduce(unite, wanted);
  const remove = subtract(last?.fields ?? noFields, keep);
  const content = (removeFields(merged, { remove, keep }, schema) ?? {}) as Fields;
  const changes = compareFields(live, content, schema);
  const conflicts = findConflicts(others, changes);
  if (conflicts.length > 0 && !force) return { ok: false, conflicts };
  const isUnchanged = last !== undefined && isSame(last.fields, wanted);
  const own: Manager =
    isUnchanged && isDeepStrictEqual(live, content)
      ? { ...last, apiVersion: writer.apiVersion }
      : { ...writer, fields: wanted };
  return { ok: true, content, managers: [...others.map((other) => yieldTo(other, changes)), own] };
}

function knownManagers({ live, managers, schema, writer }: Application): readonly Manager[] {
  if (live === undefined || managers.length > 0) return managers;
  const { apiVersion, time } = writer;
  const former: Manager = {
    name: beforeFirstApply,
    operation: 'Update',
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fields: fieldsOf(live, schema),
  };
  return [former];
}

function findConflicts(others: readonly Manager[], { changed }: FieldChanges): readonly Conflict[] {
  return others
    .map((manager) => ({ manager, fields: intersect(manager.fields, changed) }))
    .filter(({ fields }) => !isEmpty(fields));
}

function yieldTo(manager: Manager, { changed, removed }: FieldChanges): Manager {
  return { ...manager, fields: subtract(subtract(manager.fields, changed), removed) };
}

/** Any other write than an apply. */
export interface Update {
  readonly before: Fields;
  readonly after: Fields;
  readonly schema: MergeSchema;
  readonly managers: readonly Manager[];
  readonly writer: Writer;
}

/** Who owns what after an update: what it changed is the writer's alone, what it removed is nobody's. */
export function trackUpdate(update: Update): readonly Manager[] {
  const { before, after, schema, managers, writer } = update;
  const changes = compareFields(before, after, schema);
  if (isEmpty(changes.changed) && isEmpty(changes.removed)) return managers;
  const others = managers.filter((manager) => !isSameWriter(manager, writer));
  const last = managers.find((manager) => isSameWriter(manager, writer));
  const fields = unite(subtract(last?.fields ?? noFields, changes.removed), changes.changed);
  return [...others.map((other) => yieldTo(other, changes)), { ...writer, fields }];
}
