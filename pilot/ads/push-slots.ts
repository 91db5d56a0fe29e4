import type { Clock } from '../../kit/clock.ts';

export interface PushSlotsOptions {
  /** How many pushes may be under way at a time. */
  readonly limit: number;
  /** A push that is not flushed after so long (ms) no longer counts: a stalled client must not stop the others. */
  readonly timeout: number;
  readonly clock: Clock;
}

/** Lets a bounded number of big pushes be under way, so that buffers do not pile up; the others wait their turn. */
export class PushSlots {
  readonly #options: PushSlotsOptions;
  readonly #waiting: ((leave: () => void) => void)[] = [];
  #taken = 0;

  constructor(options: PushSlotsOptions) {
    this.#options = options;
  }

  /** Calls `push` when there is a slot; it must call what it is given when it is done. */
  enter(push: (leave: () => void) => void): void {
    this.#waiting.push(push);
    this.#next();
  }

  #next(): void {
    while (this.#taken < this.#options.limit) {
      const push = this.#waiting.shift();
      if (push === undefined) return;
      this.#start(push);
    }
  }

  #start(push: (leave: () => void) => void): void {
    this.#taken += 1;
    let left = false;
    const leave = (): void => {
      if (left) return;
      left = true;
      cancel();
      this.#taken -= 1;
      this.#next();
    };
    const cancel = this.#options.clock.after(this.#options.timeout, leave);
    push(leave);
  }
}
