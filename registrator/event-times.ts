/** Which container events still wait for the write that they cause, and when they happened. */
import type { Clock } from '../kit/clock.ts';

interface EventTime {
  /** By the clock of the Engine (ms). */
  readonly at: number;
  /** By ours. */
  readonly heard: number;
}

/**
 * After so long (ms) a write has another cause. It is longer than the Engine takes to answer an inspect of a
 * container that ends.
 */
const memory = 10_000;

export class EventTimes {
  readonly #clock: Clock;
  readonly #events = new Map<string, EventTime>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of several events of a container the oldest counts. Without `at` it happened now. */
  note(container: string, at: number | undefined): void {
    const heard = this.#clock.now();
    this.#expire();
    if (!this.#events.has(container)) this.#events.set(container, { at: at ?? heard, heard });
  }

  /** Milliseconds since the container's event, which is forgotten; undefined when it had none. */
  take(container: string): number | undefined {
    const event = this.#events.get(container);
    this.#events.delete(container);
    return event === undefined ? undefined : this.#clock.now() - event.at;
  }

  /** True when any container had an event lately: of a sidecar, it changes the service of its app. */
  get areRecent(): boolean {
    this.#expire();
    return this.#events.size > 0;
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [container, { heard }] of this.#events) {
      if (now - heard > memory) this.#events.delete(container);
    }
  }
}
