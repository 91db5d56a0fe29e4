import type { StoreEvent } from './store.ts';
import { StoreError } from './store.ts';

const defaultSize = 1000;

/** The last changes of a store, for watchers that come back after a pause. Older ones must list again. */
export class EventLog {
  readonly #size: number;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #events: readonly StoreEvent[] = [];
  /** The version before the first event that is kept. */
  #floor: number;

  constructor(version: number, size: number = defaultSize) {
    this.#floor = version;
    this.#size = size;
  }

  append(event: StoreEvent): void {
    const dropped = this.#events.slice(0, Math.max(0, this.#events.length + 1 - this.#size));
    this.#floor = versionOf(dropped.at(-1)) ?? this.#floor;
    this.#events = [...this.#events.slice(dropped.length), event];
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Throws StoreError `E_EXPIRED` when changes after `from` are no longer known. */
  watch(from: string, listener: (event: StoreEvent) => void): () => void {
    const version = Number(from);
    if (!Number.isSafeInteger(version) || version < this.#floor) {
      throw new StoreError('E_EXPIRED', `too old resource version: ${from} (${this.#floor})`);
    }
    for (const event of this.#events) {
      if ((versionOf(event) ?? 0) > version) listener(event);
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

function versionOf(event: StoreEvent | undefined): number | undefined {
  return event === undefined ? undefined : Number(event.object.metadata.resourceVersion);
}
