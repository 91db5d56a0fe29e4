import assert from 'node:assert/strict';
import { EventTimes } from './event-times.ts';

describe('EventTimes', () => {
  it('knows the time since the first event of a container, once', () => {
    let now = 1000;
    const events = new EventTimes({ now: () => now, after: () => () => undefined });
    events.note('a', 990);
    events.note('a', 999);
    events.note('b', undefined);
    now = 1050;
    assert.deepEqual(
      [events.take('a'), events.take('a'), events.areRecent, events.take('b'), events.areRecent],
      [60, undefined, true, 50, false],
    );
  });

  it('forgets an event that caused no write', () => {
    let now = 1000;
    const events = new EventTimes({ now: () => now, after: () => () => undefined });
    events.note('a', 1000);
    now = 11_001;
    assert.deepEqual([events.areRecent, events.take('a')], [false, undefined]);
  });
});
