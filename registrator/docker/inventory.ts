/** What the Engine runs, kept up to date by inspecting only what changed. */
import type { Clock } from '../../kit/clock.ts';
import { forEachConcurrently } from '../../kit/concurrent.ts';
import type { Container, Observation } from './container.ts';
import type { Engine } from './engine.ts';
import type { DockerChange } from './watch.ts';

export interface Refreshed extends Observation {
  /** Why some of it may be old; it is read again at the next refresh. */
  readonly failure?: unknown;
}

/** How many inspects run at a time: the Engine serves them one lock after another. */
const maxInspects = 8;

const sigkill = 9;

/**
 * A container that got its stop signal is on its way out until it ends, starts again, or has outlived the
 * SIGKILL that would have followed by so much (ms): then the signal meant something else.
 */
const stopMargin = 2000;

interface StopMark {
  /** The run of the container that was told to stop. */
  readonly startedAt?: number;
  readonly until: number;
}

export class Inventory {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #containers = new Map<string, Container>();
  readonly #dirty = new Set<string>();
  readonly #stopping = new Map<string, StopMark>();
  #listed = false;
  #listDue = true;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Notes what has to be read again. */
  apply(change: DockerChange): void {
    switch (change.kind) {
      case 'connected':
        this.invalidate();
        break;
      case 'container':
        this.#dirty.add(change.id);
        break;
      case 'kill':
        this.#applyKill(change.id, change.signal);
        break;
    }
  }

  /** Has everything read again. */
  invalidate(): void {
    this.#listDue = true;
  }

  /**
   * Reads what changed. One call at a time. Throws only while there is nothing to go by, that is before the
   * first list; afterwards a failure comes with what was known before.
   */
  async refresh(): Promise<Refreshed> {
    let failure: unknown;
    try {
      if (this.#listDue) await this.#list();
      this.#expireStops();
      const batch = [...this.#dirty];
      this.#dirty.clear();
      await forEachConcurrently(batch, maxInspects, (id) => this.#inspect(id));
    } catch (error) {
      if (!this.#listed) throw error;
      failure = error;
    }
    return { ...this.#observe(), ...(failure === undefined ? {} : { failure }) };
  }

  #applyKill(id: string, signal: number): void {
    const container = this.#containers.get(id);
    if (container === undefined) this.#dirty.add(id);
    const { stopSignal = 15, stopTimeout = 10_000, startedAt } = container ?? {};
    if (signal !== stopSignal && signal !== sigkill) return;
    const until = this.#clock.now() + stopTimeout + stopMargin;
    this.#stopping.set(id, { until, ...(startedAt === undefined ? {} : { startedAt }) });
  }

  async #list(): Promise<void> {
    this.#listDue = false;
    try {
      const ids = new Set(await this.#engine.list());
      for (const id of [...this.#containers.keys()]) {
        if (!ids.has(id)) this.#containers.delete(id);
      }
      for (const id of ids) this.#dirty.add(id);
      this.#listed = true;
    } catch (error) {
      this.#listDue = true;
      throw error;
    }
  }

  async #inspect(id: string): Promise<void> {
    try {
      const container = await this.#engine.inspect(id);
      if (container === undefined) this.#containers.delete(id);
      else this.#containers.set(id, container);
    } catch (error) {
      this.#dirty.add(id);
      throw error;
    }
  }

  #expireStops(): void {
    const now = this.#clock.now();
    for (const [id, { until }] of this.#stopping) {
      if (until > now) continue;
      this.#stopping.delete(id);
      this.#dirty.add(id);
    }
  }

  #observe(): Observation {
    for (const [id, { startedAt }] of this.#stopping) {
      const container = this.#containers.get(id);
      const ended = container === undefined || container.state === 'stopped';
      const restarted = startedAt !== undefined && startedAt !== container?.startedAt;
      if (ended || restarted) this.#stopping.delete(id);
    }
    return {
      containers: [...this.#containers.values()],
      stopping: new Set(this.#stopping.keys()),
      unknown: new Set([...this.#dirty].filter((id) => !this.#containers.has(id))),
    };
  }
}
