import type { StoreEvent } from '../store/store.ts';

/** What clients are told of a change, as a line of a watch. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/**
 * Encodes each change once for each form it is watched in: a hundred watchers of one kind are sent the same
 * bytes. Lines live as long as the store remembers the change.
 */
export class EventEncoder {
  readonly #lines = new WeakMap<StoreEvent, Map<string, Buffer>>();
  #encodings = 0;

  /** How often a change has been encoded. */
  get encodings(): number {
    return this.#encodings;
  }

  /** `form` tells apart all that makes `encode` give another text for the same event. */
  encode(event: StoreEvent, form: string, encode: () => string): Buffer {
    const known = this.#lines.get(event) ?? new Map<string, Buffer>();
    this.#lines.set(event, known);
    const line = known.get(form);
    if (line !== undefined) return line;
    const fresh = Buffer.from(`${encode()}\n`);
    known.set(form, fresh);
    this.#encodings += 1;
    return fresh;
  }
}
