/** One side of a comparison. */
export interface DiffSide {
  /** What stands behind `---` or `+++`. */
  readonly label: string;
  readonly text: string;
}

/** Lines around a change that are shown with it, as in GNU diff. */
const context = 3;

/** So many changed lines are looked for at most: beyond, all between the first and the last one counts as changed. */
const mostEdits = 2000;

/**
 * The changes from one text to another in the unified format of GNU diff; '' when there are none. The shortest edit
 * script is found by Myers' algorithm (An O(ND) Difference Algorithm, 1986).
 */
export function unifiedDiff(from: DiffSide, to: DiffSide): string {
  if (from.text === to.text) return '';
  const edits = diffLines(linesOf(from.text), linesOf(to.text));
  const hunks = groupHunks(edits).map(formatHunk);
  return `--- ${from.label}\n+++ ${to.label}\n${hunks.join('')}`;
}

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

function diffLines(from: readonly string[], to: readonly string[]): readonly Edit[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
  let end = 0;
  const shorter = Math.min(from.length, to.length) - start;
  while (end < shorter && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  const keep = (line: string): Edit => ({ sign: ' ', line });
  return [
    ...from.slice(0, start).map(keep),
    ...diffMiddle(from.slice(start, from.length - end), to.slice(start, to.length - end)),
    ...from.slice(from.length - end).map(keep),
  ];
}

function diffMiddle(from: readonly string[], to: readonly string[]): readonly Edit[] {
  const trace = searchScript(from, to);
  if (trace === undefined) {
    return [
      ...from.map((line): Edit => ({ sign: '-', line })),
      ...to.map((line): Edit => ({ sign: '+', line })),
    ];
  }
  return readScript(from, to, trace);
}

/** How far each diagonal reached, after each number of edits; undefined when there are too many. */
function searchScript(
  from: readonly string[],
  to: readonly string[],
): readonly ReadonlyMap<number, number>[] | undefined {
  const trace: ReadonlyMap<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(from.length + to.length, mostEdits); edits += 1) {
    trace.push(reached);
    const next = new Map<number, number>();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let { x } = stepTo(reached, diagonal, edits);
      while (x < from.length && x - diagonal < to.length && from[x] === to[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= from.length && x - diagonal >= to.length) return trace;
    }
    reached = next;
  }
  return undefined;
}

/** How a diagonal is come to: by an inserted line from the one above it, or by a deleted one from the one below. */
interface Step {
  readonly insert: boolean;
  /** Where on the diagonal that leads. */
  readonly x: number;
}

/** Whichever of the neighbours reached further. */
function stepTo(reached: ReadonlyMap<number, number>, diagonal: number, edits: number): Step {
  const [below, above] = [reached.get(diagonal - 1) ?? -1, reached.get(diagonal + 1) ?? -1];
  const insert = diagonal === -edits || (diagonal !== edits && below < above);
  return { insert, x: insert ? above : below + 1 };
}

/** Goes back through the trace from the end. */
function readScript(
  from: readonly string[],
  to: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly Edit[] {
  const script: Edit[] = [];
  let [x, y] = [from.length, to.length];
  for (const [edits, reached] of [...trace.entries()].toReversed()) {
    const step = stepTo(reached, x - y, edits);
    while (x > step.x && y > 0) {
      x -= 1;
      y -= 1;
      script.push({ sign: ' ', line: from[x] ?? '' });
    }
    if (edits === 0) break;
    if (step.insert) y -= 1;
    else x -= 1;
    script.push(
      step.insert ? { sign: '+', line: to[y] ?? '' } : { sign: '-', line: from[x] ?? '' },
    );
  }
  return script.reverse();
}

interface Hunk {
  /** Lines of both sides before it. */
  readonly from: number;
  readonly to: number;
  readonly edits: readonly Edit[];
}

/** Changes that stand close together, each group with its surroundings. */
function groupHunks(edits: readonly Edit[]): readonly Hunk[] {
  const changed = edits.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const ranges: { first: number; last: number }[] = [];
  for (const index of changed) {
    const open = ranges.at(-1);
    if (open !== undefined && index - open.last <= 2 * context) open.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges.map(({ first, last }) => {
    const begin = Math.max(0, first - context);
    const before = edits.slice(0, begin);
    return {
      from: before.filter(({ sign }) => sign !== '+').length,
      to: before.filter(({ sign }) => sign !== '-').length,
      edits: edits.slice(begin, last + 1 + context),
    };
  });
}

function formatHunk({ from, to, edits }: Hunk): string {
  const old = formatRange(from, edits.filter(({ sign }) => sign !== '+').length);
  const changed = formatRange(to, edits.filter(({ sign }) => sign !== '-').length);
  const lines = edits.map(({ sign, line }) => `${sign}${line}\n`);
  return `@@ -${old} +${changed} @@\n${lines.join('')}`;
}

/** As GNU diff counts: an empty range stands behind the line that it names, and a 1 is left out. */
function formatRange(before: number, length: number): string {
  const line = length === 0 ? before : before + 1;
  return length === 1 ? String(line) : `${line},${length}`;
}
