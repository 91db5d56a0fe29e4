import type { ConfigObject } from '../api/resource.ts';
import { splitApiVersion } from '../api/kinds.ts';
import type { ConfigStore, ObjectFilter, ObjectList, StoreEvent } from '../store/store.ts';

/**
 * A list as it was at a version: what has happened since is undone, so that no state has to be kept for those
 * who read a list page by page. Throws StoreError `E_EXPIRED` when the store no longer knows what happened.
 */
export function listAt(store: ConfigStore, filter: ObjectFilter, version: string): ObjectList {
  const current = store.list(filter);
  if (version === current.version) return current;
  const events: StoreEvent[] = [];
  store.watch(version, (event) => events.push(event))();
  const objects = new Map(current.items.map((object) => [placeOf(object), object]));
  for (const { object, previous } of events.reverse()) {
    if (!isMatch(object, filter)) continue;
    if (previous === undefined) objects.delete(placeOf(object));
    else objects.set(placeOf(object), previous);
  }
  const places = [...objects.keys()].sort();
  return { items: places.flatMap((place) => objects.get(place) ?? []), version };
}

function isMatch(object: ConfigObject, { group, kind, namespace }: ObjectFilter): boolean {
  return (
    (kind === undefined || object.kind === kind) &&
    (group === undefined || splitApiVersion(object.apiVersion).group === group) &&
    (namespace === undefined || object.metadata.namespace === namespace)
  );
}

/** Sorts the objects of a kind as the store does. */
export function placeOf({ metadata }: ConfigObject): string {
  return `${metadata.namespace ?? ''}\0${metadata.name}`;
}
