export interface ListDifference<T> {
  /** Only in the earlier list. */
  readonly gone: ReadonlySet<T>;
  /** Only in the later list, in its order. */
  readonly come: readonly T[];
}

/** Behind a difference, lists that are mostly alike meet again within so many entries of both together. */
const farthest = 32;

/**
 * What two lists do not have in common; each has an entry once at most. Made for long lists that are mostly alike: the
 * entries in common are compared, and not looked at, which would bring each into the cache of the processor.
 */
export function compareLists<T>(before: readonly T[], after: readonly T[]): ListDifference<T> {
  const gone: T[] = [];
  const come: T[] = [];
  let [left, right] = [0, 0];
  while (left < before.length && right < after.length) {
    if (before[left] === after[right]) {
      left += 1;
      right += 1;
      continue;
    }
    const meeting = findMeeting({ list: before, from: left }, { list: after, from: right });
    if (meeting === undefined) break;
    gone.push(...before.slice(left, meeting.left));
    come.push(...after.slice(right, meeting.right));
    ({ left, right } = meeting);
  }
  const missing = new Set([...gone, ...before.slice(left)]);
  // An entry may have another place.
  const fresh = [...come, ...after.slice(right)].filter((entry) => !missing.delete(entry));
  return { gone: missing, come: fresh };
}

interface Rest<T> {
  readonly list: readonly T[];
  readonly from: number;
}

/** The nearest places from which both lists go on alike; undefined when there are none near. */
function findMeeting<T>(
  before: Rest<T>,
  after: Rest<T>,
): { readonly left: number; readonly right: number } | undefined {
  for (let distance = 1; distance <= farthest; distance += 1) {
    for (let skipped = 0; skipped <= distance; skipped += 1) {
      const left = before.from + skipped;
      const right = after.from + distance - skipped;
      if (left >= before.list.length || right >= after.list.length) continue;
      if (before.list[left] === after.list[right]) return { left, right };
    }
  }
  return undefined;
}
