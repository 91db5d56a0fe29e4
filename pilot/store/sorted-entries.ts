import { lowerBound } from '../../kit/lower-bound.ts';

/** What a list of the store is sorted by. */
export interface Ordered {
  readonly order: string;
}

/** From here on a sort is cheaper than as many searches and shifts. */
const manyChanges = 100;

/**
 * A sorted list that is changed in place: each change costs a search and a shift, no copy and no sort of all; many at once
 * are sorted together. Who keeps `entries` sees later changes.
 */
export class SortedEntries<T extends Ordered> {
  #entries: T[] = [];

  get entries(): readonly T[] {
    return this.#entries;
  }

  /** Takes over entries in place of those of the same order, by order, and removes others. */
  update(puts: ReadonlyMap<string, T>, removed: ReadonlySet<string>): void {
    if (puts.size + removed.size > manyChanges) this.#merge(puts, removed);
    else {
      for (const order of removed) this.#remove(order);
      for (const entry of puts.values()) this.#put(entry);
    }
  }

  #put(entry: T): void {
    const place = this.#findPlace(entry.order);
    if (this.#entries[place]?.order === entry.order) this.#entries[place] = entry;
    else this.#entries.splice(place, 0, entry);
  }

  #remove(order: string): void {
    const place = this.#findPlace(order);
    if (this.#entries[place]?.order === order) this.#entries.splice(place, 1);
  }

  #merge(puts: ReadonlyMap<string, T>, removed: ReadonlySet<string>): void {
    const kept = this.#entries.filter(({ order }) => !puts.has(order) && !removed.has(order));
    this.#entries = [...kept, ...puts.values()].sort((left, right) =>
      left.order < right.order ? -1 : 1,
    );
  }

  /** The index of the first entry that is not before `order`. */
  #findPlace(order: string): number {
    return lowerBound(this.#entries, (entry) => entry.order < order);
  }
}
