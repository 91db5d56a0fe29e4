import { compareLists } from '../../kit/list-difference.ts';
import { lowerBound } from '../../kit/lower-bound.ts';
import { sameElements } from '../../kit/same-elements.ts';
import type { ConfigResource, ResourceSet } from '../api/resource.ts';

/** The kinds that the mesh takes in order of age. */
type Kind = 'ServiceEntry' | 'VirtualService' | 'DestinationRule';

type OfKind<K extends Kind> = Extract<ConfigResource, { kind: K }>;

/** The resources of each kind, the oldest first: in Istio the oldest of two conflicting rules wins. */
export type Selections = { readonly [K in Kind]: readonly OfKind<K>[] } & {
  /** What they were selected from. */
  readonly given: ResourceSet;
};

/** From here on a sort is cheaper than as many searches and shifts. */
const manyChanges = 100;

/** `previous` only saves work: a list without a difference stays the same list, and a new one is not sorted anew. */
export function selectByAge(resources: ResourceSet, previous?: Selections): Selections {
  if (previous === undefined) return selectAll(resources);
  const { gone, come } = compareLists(previous.given, resources);
  if (gone.size + come.length > manyChanges) return keepLists(previous, selectAll(resources));
  const [left, added] = [groupByKind([...gone]), groupByKind(come)];
  return {
    given: resources,
    ServiceEntry: update(previous.ServiceEntry, left.ServiceEntry, added.ServiceEntry),
    VirtualService: update(previous.VirtualService, left.VirtualService, added.VirtualService),
    DestinationRule: update(previous.DestinationRule, left.DestinationRule, added.DestinationRule),
  };
}

function selectAll(resources: ResourceSet): Selections {
  const { ServiceEntry, VirtualService, DestinationRule } = groupByKind(resources);
  return {
    given: resources,
    ServiceEntry: ServiceEntry.sort(compareAges),
    VirtualService: VirtualService.sort(compareAges),
    DestinationRule: DestinationRule.sort(compareAges),
  };
}

function keepLists(previous: Selections, next: Selections): Selections {
  const keep = <R>(before: readonly R[], after: readonly R[]): readonly R[] =>
    sameElements(before, after) ? before : after;
  return {
    given: next.given,
    ServiceEntry: keep(previous.ServiceEntry, next.ServiceEntry),
    VirtualService: keep(previous.VirtualService, next.VirtualService),
    DestinationRule: keep(previous.DestinationRule, next.DestinationRule),
  };
}

function groupByKind(resources: ResourceSet): { readonly [K in Kind]: OfKind<K>[] } {
  const groups: { readonly [K in Kind]: OfKind<K>[] } = {
    ServiceEntry: [],
    VirtualService: [],
    DestinationRule: [],
  };
  for (const resource of resources) {
    if (resource.kind === 'VirtualService') groups.VirtualService.push(resource);
    else if (resource.kind === 'DestinationRule') groups.DestinationRule.push(resource);
    else if (resource.kind === 'ServiceEntry') groups.ServiceEntry.push(resource);
  }
  return groups;
}

function update<R extends ConfigResource>(
  byAge: readonly R[],
  gone: readonly R[],
  come: readonly R[],
): readonly R[] {
  if (gone.length + come.length === 0) return byAge;
  const list = [...byAge];
  for (const resource of gone) list.splice(findPlace(list, resource), 1);
  for (const resource of come) list.splice(findPlace(list, resource), 0, resource);
  return list;
}

/**
 * The list with each resource mapped. `previous` only saves work: what is in both lists is not mapped again, and without
 * a difference it is the same list.
 */
export function mapByAge<R extends ConfigResource, T>(
  byAge: readonly R[],
  map: (resource: R) => T,
  previous: { readonly byAge: readonly R[]; readonly mapped: readonly T[] } = noneMapped,
): readonly T[] {
  if (byAge === previous.byAge) return previous.mapped;
  let place = 0;
  return byAge.map((resource) => {
    let known = previous.byAge[place];
    while (known !== undefined && known !== resource && compareAges(known, resource) < 0) {
      place += 1;
      known = previous.byAge[place];
    }
    if (known !== resource) return map(resource);
    place += 1;
    return previous.mapped[place - 1] as T;
  });
}

const noneMapped = { byAge: [], mapped: [] };

/** The index of the first resource that is not older than `resource`: its own, if it is there. */
function findPlace(byAge: readonly ConfigResource[], resource: ConfigResource): number {
  return lowerBound(byAge, (other) => compareAges(other, resource) < 0);
}

function compareAges(left: ConfigResource, right: ConfigResource): number {
  return ageOf(left) < ageOf(right) ? -1 : 1;
}

const ages = new WeakMap<ConfigResource, string>();

/** Ends in what no two resources of a kind share. */
function ageOf(resource: ConfigResource): string {
  const known = ages.get(resource);
  if (known !== undefined) return known;
  const { metadata, key } = resource;
  const age = [metadata.creationTimestamp ?? '', key.namespace, key.name].join('/');
  ages.set(resource, age);
  return age;
}
