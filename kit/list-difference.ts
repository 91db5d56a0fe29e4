export interface ListDifference<T> {
  /** Only in the earlier list. */
  readonly gone: ReadonlySet<T>;
  /** Only in the later list, in its order. */
  readonly come: readonly T[];
}

/**
 * What two lists do not have in common; each has an entry once at most. Made for lists that are mostly alike: what they
 * begin and end with together costs a comparison of each.
 */
export function compareLists<T>(before: readonly T[], after: readonly T[]): ListDifference<T> {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const gone = new Set(before.slice(head, before.length - tail));
  const come = after.slice(head, after.length - tail).filter((entry) => !gone.delete(entry));
  return { gone, come };
}
