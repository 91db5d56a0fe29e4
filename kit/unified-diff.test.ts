import assert from 'node:assert/strict';
import fc from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

const show = (from: string, to: string): string =>
  unifiedDiff({ label: 'old', text: from }, { label: 'new', text: to });

/** What patch(1) does: fails where a line is not the one that the diff says. */
function patch(from: string, diff: string): string {
  const old = from.split('\n').slice(0, -1);
  const made: string[] = [];
  let next = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const [, start, length = '1'] = /^@@ -(\d+)(?:,(\d+))? /.exec(line) ?? [];
    if (start !== undefined) {
      const until = Number(start) - (length === '0' ? 0 : 1);
      made.push(...old.slice(next, until));
      next = until;
    } else {
      if (!line.startsWith('+')) assert.equal(old[next++], line.slice(1));
      if (!line.startsWith('-')) made.push(line.slice(1));
    }
  }
  return [...made, ...old.slice(next)].map((line) => `${line}\n`).join('');
}

describe('a unified diff', () => {
  it('is nothing when nothing differs', () => {
    assert.equal(show('a\nb\n', 'a\nb\n'), '');
  });

  it('shows changes with three lines around them, and those far apart by themselves', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
    const changed = lines.with(4, 'five').with(16, 'seventeen').toSpliced(17, 1);
    assert.equal(
      show(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`),
      `--- old
+++ new
@@ -2,7 +2,7 @@
 line 2
 line 3
 line 4
-line 5
+five
 line 6
 line 7
 line 8
@@ -14,7 +14,6 @@
 line 14
 line 15
 line 16
-line 17
-line 18
+seventeen
 line 19
 line 20
`,
    );
  });

  it('has all that makes one text of the other, at the lines that it names', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (from, to) => {
        assert.equal(patch(from, show(from, to)), to);
      }),
      { numRuns: 500 },
    );
  });

  it('does not search for ever where everything differs', () => {
    const many = (word: string): string =>
      Array.from({ length: 20_000 }, (_, index) => `${word} ${index}\n`).join('');
    const diff = show(many('old'), many('new'));
    assert.equal(diff.split('\n').length, 40_004);
  });
});
