import type { XdsType } from '../xds/resource.ts';
import type { AdsCounters, TypeCounters } from './status.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Counts what the streams of a server do. */
export class Counters {
  readonly #types: Readonly<Record<XdsType, Writable<TypeCounters>>> = {
    cluster: zero(),
    endpoint: zero(),
    listener: zero(),
    route: zero(),
  };
  #streams = 0;
  #refused = 0;

  opened(): void {
    this.#streams += 1;
  }

  refused(): void {
    this.#refused += 1;
  }

  pushed(type: XdsType, resources: number, bytes: number): void {
    const counters = this.#types[type];
    counters.pushes += 1;
    counters.resources += resources;
    counters.bytes += bytes;
  }

  answered(type: XdsType, answer: 'acks' | 'rejections'): void {
    this.#types[type][answer] += 1;
  }

  read(): AdsCounters {
    return structuredClone({ streams: this.#streams, refused: this.#refused, types: this.#types });
  }
}

function zero(): Writable<TypeCounters> {
  return { pushes: 0, bytes: 0, resources: 0, acks: 0, rejections: 0 };
}
