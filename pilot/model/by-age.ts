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
  return {
    ServiceEntry: select(resources, 'ServiceEntry', previous?.ServiceEntry),
    VirtualService: select(resources, 'VirtualService', previous?.VirtualService),
    DestinationRule: select(resources, 'DestinationRule', previous?.DestinationRule),
  };
}

function select<K extends Kind>(
  resources: ResourceSet,
  kind: K,
  previous?: Selection<K>,
): Selection<K> {
  const given = resources.filter((resource): resource is OfKind<K> => resource.kind === kind);
  if (previous === undefined) return { given, byAge: [...given].sort(compareAges) };
  if (isSameList(given, previous.given)) return previous;
  return { given, byAge: update(previous.byAge, given) };
}

/** From here on a sort is cheaper than as many searches and shifts. */
const manyChanges = 100;

function update<R extends ConfigResource>(byAge: readonly R[], given: readonly R[]): readonly R[] {
  const present = new Set(given);
  const kept = byAge.filter((resource) => present.has(resource));
  for (const resource of kept) present.delete(resource);
  if (present.size > manyChanges) return [...given].sort(compareAges);
  for (const added of present) kept.splice(findPlace(kept, added), 0, added);
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

/** Whether two lists have the same entries in the same order. */
export function isSameList(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((entry, index) => entry === right[index]);
}
