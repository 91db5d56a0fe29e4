import assert from 'node:assert/strict';
import type { Operation } from './plan/diff.ts';
import { Refusals } from './refusals.ts';

describe('Refusals', () => {
  let now = 0;
  const clock = { now: () => now, after: () => () => undefined };
  const write = (name = 'web'): Operation => ({ kind: 'deregister', id: 'id', name });

  beforeEach(() => {
    now = 0;
  });

  it('waits longer after each refusal, a minute at most', () => {
    const refusals = new Refusals(clock);
    const times: number[] = [];
    for (; now < 300_000; now += 1000) {
      if (!refusals.isDue(write())) continue;
      times.push(now / 1000);
      refusals.note(write(), 'no');
    }
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    assert.ok(times.length < 12, times.join());
    assert.ok(
      gaps
        .slice(0, 4)
        .every((gap, index) => gap >= 1.6 * 2 ** index && gap <= 2.4 * 2 ** index + 1),
      gaps.join(),
    );
    assert.ok(
      gaps.every((gap) => gap <= 73),
      gaps.join(),
    );
  });

  it('reports the same reason once, and another one again', () => {
    const refusals = new Refusals(clock);
    assert.deepEqual(
      ['a', 'a', 'b'].map((reason) => refusals.note(write(), reason)),
      [true, false, true],
    );
  });

  it('lets another write through at once, and the same one when it is told that things have changed', () => {
    const refusals = new Refusals(clock);
    refusals.note(write(), 'no');
    const before = [refusals.isDue(write()), refusals.isDue(write('other'))];
    refusals.retry();
    assert.deepEqual([...before, refusals.isDue(write())], [false, true, true]);
  });

  it('forgets what nobody asks for any more', () => {
    const refusals = new Refusals(clock);
    refusals.note(write(), 'no');
    refusals.keep([]);
    assert.deepEqual([refusals.isDue(write()), refusals.note(write(), 'no')], [true, true]);
  });
});
