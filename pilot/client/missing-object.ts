import { findNearest } from '../../kit/nearest.ts';
import type { Connection } from './connection.ts';
import { listObjects } from './list-objects.ts';
import type { ObjectPlace } from './served-kinds.ts';

/** Where an object that is named would be. */
export type NamedPlace = ObjectPlace & { readonly name: string };

/**
 * What may be meant by the name of an object that is not there: one of nearly the same name, or the same in another
 * namespace. To be put behind the message; '' when there is nothing of the kind. Throws what a connection throws.
 */
export async function adviseOnMissing(
  pilot: Connection,
  { kind, namespace, name }: NamedPlace,
): Promise<string> {
  const { items } = await listObjects(pilot, { kind });
  const places = items.map(({ metadata }) => metadata);
  const own = places.filter((place) => !kind.isNamespaced || place.namespace === namespace);
  const nearest = findNearest(
    name,
    own.map((place) => place.name),
  );
  if (nearest !== undefined) return `; did you mean "${nearest}"?`;
  const elsewhere = places.find((place) => place.name === name)?.namespace;
  return elsewhere === undefined
    ? ''
    : `; there is one in namespace ${elsewhere}: add -n ${elsewhere}`;
}
