import type { StoreEvent } from './store.ts';
import { StoreError } from './store.ts';

const defaultSize = 1000;

/**
 * The last changes of a store, for watchers that come back after a pause. Older ones must list again. Versions
 * grow along the log, with one exception: a change that somebody made in Consul by hand may be noticed after a
 * later one. So a watcher goes on behind the event that it saw last, not behind a number.
 */
export class EventLog {
  readonly #size: number;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #events: StoreEvent[] = [];
  /** The version before the first event that is kept. */
  #floor: number;
  #newest: number;

  constructor(version: number, size: number = defaultSize) {
    this.#floor = version;
    this.#newest = version;
    this.#size = size;
  }

  append(event: StoreEvent): void {
    this.#events.push(event);
    this.#newest = Math.max(this.#newest, versionOf(event));
    // In slices, so that one change does not cost the whole log.
    if (this.#events.length >= 2 * this.#size) this.#trim();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Nothing before `version` is known, because what came before is not a history of this log. */
  startAt(version: number): void {
    this.#events = [];
    this.#floor = version;
    this.#newest = version;
  }

  /** Throws StoreError `E_EXPIRED` when changes after `from` are not known, or `from` is not of this store. */
  watch(from: string, listener: (event: StoreEvent) => void): () => void {
    this.#trim();
    const version = Number(from);
    if (!Number.isSafeInteger(version) || version < this.#floor || version > this.#newest) {
      throw new StoreError('E_EXPIRED', `too old resource version: ${from} (${this.#floor})`);
    }
    for (const event of this.#events.slice(this.#startAfter(version))) listener(event);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #startAfter(version: number): number {
    if (version === this.#floor) return 0;
    // A namespace that an object brought with it has the version of that object.
    const seen = this.#events.findLastIndex((event) => versionOf(event) === version);
    if (seen !== -1) return seen + 1;
    const next = this.#events.findIndex((event) => versionOf(event) > version);
    return next === -1 ? this.#events.length : next;
  }

  #trim(): void {
    const dropped = this.#events.splice(0, Math.max(0, this.#events.length - this.#size));
    for (const event of dropped) this.#floor = Math.max(this.#floor, versionOf(event));
  }
}

function versionOf(event: StoreEvent): number {
  return Number(event.object.metadata.resourceVersion);
}
