import type { Clock } from '../../kit/clock.ts';

/** A clock whose timers go off when the test says so, however busy the machine is. */
export class HandClock implements Clock {
  readonly #timers = new Set<{ readonly ms: number; readonly action: () => void }>();
  readonly #lengths: number[] = [];
  #passed = 0;

  /** How long each timer was that has ever been set (ms). */
  get lengths(): readonly number[] {
    return this.#lengths;
  }

  readonly now = (): number => Date.now() + this.#passed;

  readonly after: Clock['after'] = (ms, action) => {
    const timer = { ms, action };
    this.#timers.add(timer);
    this.#lengths.push(ms);
    return () => {
      this.#timers.delete(timer);
    };
  };

  /** Lets so much time pass; of the timers that are set, those of exactly this length (ms) go off. */
  elapse(ms: number): void {
    this.#passed += ms;
    for (const timer of [...this.#timers].filter((one) => one.ms === ms)) {
      this.#timers.delete(timer);
      timer.action();
    }
  }
}
