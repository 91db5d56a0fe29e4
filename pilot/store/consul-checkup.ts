import type { Clock } from '../../kit/clock.ts';
import type { Closer } from '../../kit/lifecycle.ts';

/** `now`: there is something to be found. `later`: there may be. */
type Urgency = 'now' | 'later';

/** A reading is followed by a rest of so many times its length: while it is on, all else is slower. */
const restFactor = 30;
/** Who has written by hand waits no longer than that (ms), however long the last reading took. */
const longestWait = 1000;
/** So long (ms) after writes of pilots one looks whether another one, by hand, hides among them. */
const settleTime = 1000;

/**
 * Reads everything again when it is asked to, one reading at a time, and only for a small share of the time: thousands
 * of keys are a long text.
 */
export class Checkup implements Closer {
  readonly #read: () => Promise<void>;
  readonly #clock: Clock;
  #cancel: () => void = () => undefined;
  /** The most urgent request that has not been met yet. */
  #asked: Urgency | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;
  #ended = 0;
  #rest = 0;

  /** `read` must not fail. */
  constructor(read: () => Promise<void>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  ask(urgency: Urgency): void {
    if (this.#isClosed || this.#asked === 'now' || this.#asked === urgency) return;
    this.#asked = urgency;
    if (this.#running === undefined) this.#arm(urgency);
  }

  /** Waits for the reading that runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  #arm(urgency: Urgency): void {
    const wait =
      urgency === 'now'
        ? this.#restLeft(Math.min(this.#rest, longestWait))
        : Math.max(settleTime, this.#restLeft(this.#rest));
    this.#cancel();
    this.#cancel = this.#clock.after(wait, () => {
      this.#asked = undefined;
      this.#running = this.#run();
    });
  }

  /** Never longer than the rest itself, though somebody sets the clock back. */
  #restLeft(rest: number): number {
    return Math.min(rest, Math.max(0, this.#ended + rest - this.#clock.now()));
  }

  async #run(): Promise<void> {
    const start = this.#clock.now();
    await this.#read();
    this.#ended = this.#clock.now();
    this.#rest = Math.max(0, this.#ended - start) * restFactor;
    this.#running = undefined;
    if (this.#asked !== undefined && !this.#isClosed) this.#arm(this.#asked);
  }
}
