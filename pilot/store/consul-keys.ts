import type { ObjectKey } from '../api/resource.ts';

/** Where objects are in Consul's KV store: PREFIX/GROUP/KIND/NAMESPACE/NAME, the core group as `core`. Kinds that are in no namespace leave it out. */

const coreGroup = 'core';

export function keyPathOf(prefix: string, { group, kind, namespace, name }: ObjectKey): string {
  const place = namespace === '' ? name : `${namespace}/${name}`;
  return `${prefix}/${group === '' ? coreGroup : group}/${kind}/${place}`;
}

/** The key of the record of the last writes; no group has such a name. */
export function headPathOf(prefix: string): string {
  return `${prefix}/.head`;
}

/** Whether a write under the one key leaves alone what one under the other comes to. A namespace concerns what is in it. */
export function areApart(prefix: string, one: string, other: string): boolean {
  const namespaces = `${prefix}/${coreGroup}/Namespace/`;
  return one !== other && !one.startsWith(namespaces) && !other.startsWith(namespaces);
}

/** Whether a path has the form of an object's; what it holds may still be something else. */
export function isObjectPath(prefix: string, path: string): boolean {
  const parts = path.slice(prefix.length + 1).split('/');
  return [3, 4].includes(parts.length) && parts.every((part) => part !== '');
}
