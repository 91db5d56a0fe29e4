/**
 * The index of the first entry that is not before a place, by bisection; the length when all are. The entries before the
 * place stand first in `sorted`.
 */
export function lowerBound<T>(sorted: readonly T[], isBefore: (entry: T) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
