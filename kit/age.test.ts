import assert from 'node:assert/strict';
import { formatAge } from './age.ts';

describe('an age', () => {
  it('is written as kubectl writes it: two units while the first one is small', () => {
    const ages = [-1, 0, 999, 59_000, 60_000, 190_000, 601_000, 3_600_000, 18_120_000, 345_600_000];
    assert.deepEqual(ages.map(formatAge), [
      '0s',
      '0s',
      '0s',
      '59s',
      '1m',
      '3m10s',
      '10m',
      '1h',
      '5h2m',
      '4d',
    ]);
  });
});
