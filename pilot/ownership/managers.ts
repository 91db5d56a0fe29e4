import type { Json } from '../api/resource.ts';
import { type FieldSet, isEmpty, noFields, unite } from './field-set.ts';
import { readFields, writeFields } from './fields-v1.ts';
import { isFields } from './field-walk.ts';

/** How a field came to be somebody's: by server-side apply, or by any other write. */
export type Operation = 'Apply' | 'Update';

/** Somebody who writes objects, and the fields that are theirs: an entry of metadata.managedFields. */
export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  /** RFC 3339. */
  readonly time?: string;
  readonly subresource?: string;
  readonly fields: FieldSet;
}

/** Who writes now. */
export type Writer = Omit<Manager, 'fields'>;

/** Somebody who applies is the same in every version of the API (as in k8s.io/apimachinery managedfields). */
export function isSameWriter(left: Writer, right: Writer): boolean {
  return (
    left.name === right.name &&
    left.operation === right.operation &&
    left.subresource === right.subresource &&
    (left.operation === 'Apply' || left.apiVersion === right.apiVersion)
  );
}

/** The entries of metadata.managedFields. Throws SyntaxError when they are malformed. */
export function readManagers(value: unknown): readonly Manager[] {
  if (!Array.isArray(value)) throw new SyntaxError('metadata.managedFields must be a list');
  return value.map(readManager);
}

function readManager(entry: unknown): Manager {
  if (!isFields(entry)) throw new SyntaxError('an entry of metadata.managedFields is no object');
  const { manager, operation, apiVersion, time, subresource, fieldsType, fieldsV1 } = entry;
  if (operation !== 'Apply' && operation !== 'Update') {
    throw new SyntaxError('operation in metadata.managedFields must be Apply or Update');
  }
  if (fieldsType !== 'FieldsV1' || typeof apiVersion !== 'string') {
    throw new SyntaxError('metadata.managedFields needs apiVersion and fieldsType FieldsV1');
  }
  return {
    name: typeof manager === 'string' ? manager : '',
    operation,
    apiVersion,
    ...(typeof time === 'string' ? { time } : {}),
    ...(typeof subresource === 'string' && subresource !== '' ? { subresource } : {}),
    fields: readFields(fieldsV1 ?? {}),
  };
}

/** The inverse of readManagers: those who apply first, then by time. Without the managers that own nothing. */
export function writeManagers(managers: readonly Manager[]): readonly Json[] {
  const left = managers.filter(({ fields }) => !isEmpty(fields));
  const ordered = [...mergeAncient(left)].sort((one, other) => {
    const [first, second] = [orderOf(one), orderOf(other)];
    return first < second ? -1 : first > second ? 1 : 0;
  });
  return ordered.map(({ name, operation, apiVersion, time, subresource, fields }) => ({
    manager: name,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFields(fields),
    ...(subresource === undefined ? {} : { subresource }),
  }));
}

function orderOf({ name, operation, apiVersion, time = '' }: Manager): string {
  return [operation, time, name, apiVersion].join('\0');
}

/** So many entries of updates are kept apart; what is older becomes one (as Kubernetes does it). */
const mostUpdates = 10;
const ancientName = 'ancient-changes';

function mergeAncient(managers: readonly Manager[]): readonly Manager[] {
  const updates = managers.filter(({ operation }) => operation === 'Update');
  if (updates.length <= mostUpdates) return managers;
  const byAge = [...updates].sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  const ancient = byAge.slice(0, updates.length - mostUpdates + 1);
  const [oldest] = ancient;
  if (oldest === undefined) return managers;
  const fields = ancient.map((manager) => manager.fields).reduce(unite, noFields);
  const { apiVersion, time } = ancient.at(-1) ?? oldest;
  const merged: Manager = {
    name: ancientName,
    operation: 'Update',
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fields,
  };
  return [...managers.filter((manager) => !ancient.includes(manager)), merged];
}
