import assert from 'node:assert/strict';
import { formatAge } from './table.ts';

describe('formatAge', () => {
  it('shows ages as kubectl does', () => {
    const minute = 60;
    const hour = 60 * minute;
    const day = 24 * hour;
    const ages: Readonly<Record<string, number>> = {
      '<invalid>': -5,
      '0s': -1,
      '119s': 119,
      '2m': 2 * minute,
      '9m59s': 9 * minute + 59,
      '179m': 179 * minute,
      '3h': 3 * hour,
      '7h30m': 7 * hour + 30 * minute,
      '47h': 47 * hour,
      '2d': 2 * day,
      '7d5h': 7 * day + 5 * hour,
      '729d': 729 * day,
      '2y1d': 731 * day,
    };
    assert.deepEqual(
      Object.values(ages).map((seconds) => formatAge(seconds * 1000)),
      Object.keys(ages),
    );
  });
});
