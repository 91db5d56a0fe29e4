import { type ListDifference, compareLists } from '../../kit/list-difference.ts';
import type { ConfigResource, ResourceSet } from '../api/resource.ts';

/** The kinds that the mesh takes in order of age. */
type Kind = 'ServiceEntry' | 'VirtualService' | 'DestinationRule';

type OfKind<K extends Kind> = Extract<ConfigResource, { kind: K }>;

/** The resources of one kind, the oldest first: in Istio the oldest of two conflicting rules wins. */
interface Selection<K extends Kind> {
  /** As they stand in the set. */
  readonly given: readonly OfKind<K>[];
  readonly byAge: readonly OfKind<K>[];
}

export type Selections = { readonly [K in Kind]: Selection<K> };

/** `previous` only saves work: a list without a difference stays the same list, and a new one is not sorted anew. */
export function selectByAge(resources: ResourceSet, previous?: Selections): Selections {
  const given = groupByKind(resources);
  return {
    ServiceEntry: select(given.ServiceEntry, previous?.ServiceEntry),
    VirtualService: select(given.VirtualService, previous?.VirtualService),
    DestinationRule: select(given.DestinationRule, previous?.DestinationRule),
  };
}

function groupByKind(resources: ResourceSet): { readonly [K in Kind]: readonly OfKind<K>[] } {
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

function select<K extends Kind>(
  given: readonly OfKind<K>[],
  previous: Selection<K> | undefined,
): Selection<K> {
  if (previous === undefined) return { given, byAge: [...given].sort(compareAges) };
  const difference = compareLists(previous.given, given);
  if (difference.gone.size + difference.come.length === 0) return previous;
  return { given, byAge: update(previous.byAge, difference, given) };
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

/** From here on a sort is cheaper than as many searches and shifts. */
const manyChanges = 100;

function update<R extends ConfigResource>(
  byAge: readonly R[],
  { gone, come }: ListDifference<R>,
  given: readonly R[],
): readonly R[] {
  if (come.length > manyChanges) return [...given].sort(compareAges);
  const kept = gone.size === 0 ? [...byAge] : byAge.filter((resource) => !gone.has(resource));
  for (const added of come) kept.splice(findPlace(kept, added), 0, added);
  return kept;
}

/** The index of the first resource that is younger than `resource`. */
function findPlace(byAge: readonly ConfigResource[], resource: ConfigResource): number {
  let low = 0;
  let high = byAge.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = byAge[middle];
    if (other !== undefined && compareAges(other, resource) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
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
