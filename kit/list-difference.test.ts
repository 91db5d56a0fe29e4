import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compareLists } from './list-difference.ts';

describe('the difference of two lists', () => {
  it('is what is in one only, wherever it stands', () => {
    const list = fc.uniqueArray(fc.nat(12), { maxLength: 12 });
    fc.assert(
      fc.property(list, list, (before, after) => {
        const { gone, come } = compareLists(before, after);
        assert.deepEqual(
          { gone: [...gone].sort(), come },
          {
            gone: before.filter((entry) => !after.includes(entry)).sort(),
            come: after.filter((entry) => !before.includes(entry)),
          },
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is found in long lists with few changes, near and far apart', () => {
    const places = fc.uniqueArray(fc.nat(499), { maxLength: 60 });
    fc.assert(
      fc.property(places, places, (removed, added) => {
        const before = Array.from({ length: 500 }, (_, place) => place);
        const after = before.flatMap((entry) => [
          ...(added.includes(entry) ? [1000 + entry] : []),
          ...(removed.includes(entry) ? [] : [entry]),
        ]);
        const { gone, come } = compareLists(before, after);
        const ascending = (left: number, right: number): number => left - right;
        assert.deepEqual(
          { gone: [...gone].sort(ascending), come },
          {
            gone: [...removed].sort(ascending),
            come: [...added].sort(ascending).map((entry) => 1000 + entry),
          },
        );
      }),
      { numRuns: 200 },
    );
  });
});
