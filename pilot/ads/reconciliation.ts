import type { Clock } from '../../kit/clock.ts';
import { createDebounce, type Debounce } from '../../kit/debounce.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import { compareLists } from '../../kit/list-difference.ts';
import { lowerBound } from '../../kit/lower-bound.ts';

/** One connected proxy, as far as it matters here. */
export interface ReconcilingProxy {
  /** Whether it has accepted all that it is to have now. */
  readonly isUpToDate: () => boolean;
  readonly isOver: () => boolean;
}

interface WithMetadata {
  readonly metadata: object;
}

/** How many of the connected proxies have an object in force, as it is now. */
export interface Reach {
  readonly ready: number;
  readonly all: number;
  /** Whether it is already part of what proxies are to have. */
  readonly isTaken: boolean;
}

/** Milliseconds: who waits is told of the answers of many proxies together. */
const quiet = 20;
const longest = 200;

/**
 * How far the objects have come: which proxies have accepted a configuration that an object has gone into. Every
 * rebuild of the mesh has a number. An object is noted with the first one that it was part of, a proxy with the
 * last one that it has all of, so a proxy that is still busy with later changes counts for earlier ones. Nothing is
 * written down: the status is worked out from this when somebody asks.
 */
export class Reconciliation implements Closer {
  readonly #proxies = new Map<ReconcilingProxy, number>();
  /** An object that changes has other metadata. */
  readonly #builds = new WeakMap<object, number>();
  readonly #listeners = new Set<() => void>();
  readonly #tell: Debounce;
  #build = 0;
  /** What the last rebuild was of. */
  #built: readonly WithMetadata[] = [];
  /** The numbers of the proxies, ascending, until one changes. */
  #sorted: readonly number[] | undefined;

  constructor(clock: Clock) {
    const tell = (): void => {
      for (const listener of [...this.#listeners]) listener();
    };
    this.#tell = createDebounce(tell, { quiet, max: longest, clock });
  }

  /** To be called when all proxies know what they are to have of `resources`. */
  built(resources: readonly WithMetadata[]): void {
    this.#build += 1;
    for (const { metadata } of compareLists(this.#built, resources).come) {
      if (!this.#builds.has(metadata)) this.#builds.set(metadata, this.#build);
    }
    this.#built = resources;
    for (const proxy of this.#proxies.keys()) this.#note(proxy);
    this.#changed();
  }

  /** To be called when a proxy comes, has accepted something, or goes. */
  progressed(proxy: ReconcilingProxy): void {
    if (proxy.isOver()) this.#proxies.delete(proxy);
    else this.#note(proxy);
    this.#changed();
  }

  reachOf(metadata: object): Reach {
    const numbers = (this.#sorted ??= [...this.#proxies.values()].sort((a, b) => a - b));
    const build = this.#builds.get(metadata);
    const all = numbers.length;
    if (build === undefined) return { ready: 0, all, isTaken: false };
    return { ready: all - lowerBound(numbers, (number) => number < build), all, isTaken: true };
  }

  /** Calls `listener` a moment after what `reachOf` says may have changed. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): void {
    this.#tell.close();
    this.#listeners.clear();
  }

  #note(proxy: ReconcilingProxy): void {
    const before = this.#proxies.get(proxy) ?? 0;
    this.#proxies.set(proxy, proxy.isUpToDate() ? this.#build : before);
  }

  #changed(): void {
    this.#sorted = undefined;
    if (this.#listeners.size > 0) this.#tell.trigger();
  }
}
