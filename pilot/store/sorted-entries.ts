/** What a list of the store is sorted by. */
export interface Ordered {
  readonly order: string;
}

/**
 * Puts, replaces and removes a few entries of a sorted array and returns a new one. Each costs a search and a
 * copy, not a sort of all; many at once are sorted together.
 */
export function updateSorted<T extends Ordered>(
  sorted: readonly T[],
  puts: ReadonlyMap<string, T>,
  removed: ReadonlySet<string>,
): readonly T[] {
  if (puts.size + removed.size > manyChanges) return mergeAll(sorted, puts, removed);
  const result = [...sorted];
  for (const order of removed) {
    const index = findPlace(result, order);
    if (result[index]?.order === order) result.splice(index, 1);
  }
  for (const [order, entry] of puts) {
    const index = findPlace(result, order);
    result.splice(index, result[index]?.order === order ? 1 : 0, entry);
  }
  return result;
}

/** From here on a sort is cheaper than as many searches and shifts. */
const manyChanges = 100;

function mergeAll<T extends Ordered>(
  sorted: readonly T[],
  puts: ReadonlyMap<string, T>,
  removed: ReadonlySet<string>,
): readonly T[] {
  const kept = sorted.filter(({ order }) => !puts.has(order) && !removed.has(order));
  return [...kept, ...puts.values()].sort((left, right) => (left.order < right.order ? -1 : 1));
}

/** The index of the first entry that is not before `order`. */
function findPlace(sorted: readonly Ordered[], order: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.order ?? '') < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
