import assert from 'node:assert/strict';
import type { Clock } from '../../kit/clock.ts';
import { Checkup } from './consul-checkup.ts';

/** A clock whose time passes when it is told to, one timer at most. */
class HandClock implements Clock {
  time = 0;
  #timer: { readonly at: number; readonly action: () => void } | undefined;

  readonly now = (): number => this.time;

  readonly after: Clock['after'] = (ms, action) => {
    const timer = { at: this.time + ms, action };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = undefined;
    };
  };

  /** When the timer runs; undefined without one. */
  get next(): number | undefined {
    return this.#timer?.at;
  }

  run(): void {
    const timer = this.#timer ?? assert.fail('nothing is to be done');
    this.#timer = undefined;
    this.time = timer.at;
    timer.action();
  }
}

describe('the reading of everything', () => {
  let clock: HandClock;
  let end: (() => void) | undefined;
  let checkup: Checkup;

  /** Lets the reading that was asked for begin, and end after `ms`. */
  const read = async (ms: number): Promise<void> => {
    clock.run();
    clock.time += ms;
    end?.();
    await new Promise((resolve) => setImmediate(resolve));
  };

  beforeEach(() => {
    clock = new HandClock();
    checkup = new Checkup(() => new Promise((resolve) => (end = resolve)), clock);
  });

  it('comes at once when there is something to be found, and in a second when there may be', () => {
    checkup.ask('later');
    assert.equal(clock.next, 1000);
    checkup.ask('now');
    assert.equal(clock.next, 0);
    checkup.ask('later');
    assert.equal(clock.next, 0);
  });

  it('takes a thirtieth of the time, and who wrote by hand waits a second at most', async () => {
    checkup.ask('now');
    await read(10);
    checkup.ask('now');
    assert.equal(clock.next, 10 + 300);
    await read(100);
    checkup.ask('later');
    assert.equal(clock.next, 410 + 3000);
    checkup.ask('now');
    assert.equal(clock.next, 410 + 1000);
  });

  it('is made again for what is asked while it runs, and not two at a time', async () => {
    checkup.ask('now');
    clock.run();
    checkup.ask('later');
    checkup.ask('now');
    assert.equal(clock.next, undefined);
    clock.time = 10;
    end?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.next, 310);
  });

  it('does not wait longer when the clock is set back', async () => {
    clock.time = 1_000_000;
    checkup.ask('now');
    await read(10);
    clock.time = 0;
    checkup.ask('later');
    assert.equal(clock.next, 1000);
  });

  it('does not come any more when it is closed, and closing waits for one that runs', async () => {
    checkup.ask('now');
    clock.run();
    let isClosed = false;
    const closing = checkup.close().then(() => (isClosed = true));
    checkup.ask('now');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isClosed, false);
    end?.();
    await closing;
    assert.deepEqual([isClosed, clock.next], [true, undefined]);
  });
});
