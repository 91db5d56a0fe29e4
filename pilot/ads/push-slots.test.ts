import assert from 'node:assert/strict';
import { PushSlots } from './push-slots.ts';

/** Slots whose timeouts the test fires, oldest first. */
function createSlots(limit: number): { slots: PushSlots; expire: () => void } {
  const timers: (() => void)[] = [];
  const clock = {
    now: () => 0,
    after: (_: number, action: () => void) => {
      timers.push(action);
      return () => undefined;
    },
  };
  return {
    slots: new PushSlots({ limit, timeout: 1000, clock }),
    expire: () => timers.shift()?.(),
  };
}

describe('push slots', () => {
  it('let as many pushes go at a time as there are slots, in order', () => {
    const { slots } = createSlots(2);
    const started: number[] = [];
    const leave: (() => void)[] = [];
    for (const push of [1, 2, 3, 4]) {
      slots.enter((done) => {
        started.push(push);
        leave.push(done);
      });
    }
    assert.deepEqual(started, [1, 2]);
    leave[0]?.();
    leave[0]?.();
    assert.deepEqual(started, [1, 2, 3]);
  });

  it('do not wait for a client that does not read', () => {
    const { slots, expire } = createSlots(1);
    const started: string[] = [];
    slots.enter(() => started.push('stalled'));
    slots.enter(() => started.push('next'));
    assert.deepEqual(started, ['stalled']);
    expire();
    assert.deepEqual(started, ['stalled', 'next']);
  });
});
