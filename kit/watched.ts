/**
 * A cell that holds the latest value of something. It ignores equal writes, gives a new subscriber the
 * current value, and never queues: a slow reader sees the newest value, not every value.
 */
export interface Watched<T> {
  /** The current value, or undefined before the first write. */
  readonly current: () => T | undefined;
  /** Calls `listener` with the current value (if any) and after each change; returns the unsubscriber. */
  readonly subscribe: (listener: (value: T) => void) => () => void;
}

export class WatchedCell<T> implements Watched<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #equal: (left: T, right: T) => boolean;
  #held: { readonly value: T } | undefined;

  constructor(equal: (left: T, right: T) => boolean = Object.is) {
    this.#equal = equal;
  }

  current(): T | undefined {
    return this.#held?.value;
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    if (this.#held !== undefined) listener(this.#held.value);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Stores `value` and tells the subscribers, unless it equals what is held. Returns whether it changed. */
  set(value: T): boolean {
    if (this.#held !== undefined && this.#equal(this.#held.value, value)) return false;
    this.#held = { value };
    for (const listener of [...this.#listeners]) listener(value);
    return true;
  }
}
