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
});
