/**
 * The candidate that `word` most likely meant: the one with the least edits, if they are at most a third of
 * its length (and at least one edit is always allowed). For "did you mean" in problems.
 */
export function findNearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let most = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate, most);
    if (distance > most) continue;
    best = candidate;
    // From now on only what is nearer counts; of those as near the first one was meant.
    most = distance - 1;
    if (most < 0) break;
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `from` into `to`; Infinity when more than `most`. */
function editDistance(from: string, to: string, most: number): number {
  // Every edit changes the length by one at most, so most candidates need no comparing.
  if (Math.abs(from.length - to.length) > most) return Infinity;
  if (most === 0) return from === to ? 0 : Infinity;
  const { left, right } = withoutCommonEnds(from, to);
  // They differ at both ends, which one edit cannot mend unless it is all there is.
  if (most === 1 && Math.min(left.length, right.length) > 2) return Infinity;
  // Three rows of the table are enough: a swap looks two rows back.
  let rows: readonly [number[], number[]] = [[], Array.from({ length: right.length + 1 }, count)];
  for (let i = 1; i <= left.length; i++) {
    const row = nextRow({ left, right, i }, rows);
    // No way leads past a row and the one before it, if both are too much.
    if (Math.min(...row, ...rows[1]) > most) return Infinity;
    rows = [rows[1], row];
  }
  return rows[1][right.length] ?? Infinity;
}

interface Words {
  readonly left: string;
  readonly right: string;
}

function nextRow(
  { left, right, i }: Words & { readonly i: number },
  [beforeLast, last]: readonly [readonly number[], readonly number[]],
): number[] {
  const row = [i];
  for (let j = 1; j <= right.length; j++) {
    const same = left[i - 1] === right[j - 1];
    const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
    row.push(
      Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
      ),
    );
  }
  return row;
}

/** What two words begin and end with alike needs no edits. */
function withoutCommonEnds(left: string, right: string): Words {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left.charCodeAt(start) === right.charCodeAt(start)) start += 1;
  let leftEnd = left.length;
  let rightEnd = right.length;
  while (
    Math.min(leftEnd, rightEnd) > start &&
    left.charCodeAt(leftEnd - 1) === right.charCodeAt(rightEnd - 1)
  ) {
    leftEnd -= 1;
    rightEnd -= 1;
  }
  return { left: left.slice(start, leftEnd), right: right.slice(start, rightEnd) };
}

function count(_: unknown, index: number): number {
  return index;
}
