import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { forEachConcurrently } from './concurrent.ts';

describe('forEachConcurrently', () => {
  it('runs at most so many at a time, and all of them', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachConcurrently([1, 2, 3, 4, 5], 2, async (item) => {
      most = Math.max(most, ++running);
      await setImmediate();
      running--;
      done.push(item);
    });
    assert.deepEqual({ most, done: done.sort() }, { most: 2, done: [1, 2, 3, 4, 5] });
  });

  it('tries the others after a failure, and then throws the first', async () => {
    const tried: number[] = [];
    const failing = forEachConcurrently([1, 2, 3], 1, (item) => {
      tried.push(item);
      return item < 3 ? Promise.reject(new Error(`item ${item}`)) : Promise.resolve();
    });
    await assert.rejects(failing, { message: 'item 1' });
    assert.deepEqual(tried, [1, 2, 3]);
  });
});
