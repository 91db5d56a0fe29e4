/**
 * What the Engine runs, kept up to date by inspecting only what changed.
 *
 * The Engine answers an inspect of a container that is just ending only when it has taken its network apart,
 * 0.1 to 0.5 s later. News of other containers must not wait for that, so a refresh waits a short time and
 * goes on with what is known; an answer that comes later announces itself.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../kit/clock.ts';
import { forEachConcurrently } from '../../kit/concurrent.ts';
import type { Container, Observation } from './container.ts';
import type { Engine } from './engine.ts';
import type { DockerChange } from './watch.ts';

/** Without a failure the same object comes again while nothing has changed. */
export interface Refreshed extends Observation {
  /** Why some of it may be old; it is read again at the next refresh. */
  readonly failure?: unknown;
}

export interface InventoryOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Called when something became known that the last refresh did not wait for. */
  readonly onLate: () => void;
}

/** How many inspects of one refresh run at a time. */
const maxInspects = 8;

/** How long a refresh waits for its inspects (ms); one takes 2 to 10. */
const patience = 20;

const sigkill = 9;

/**
 * A container that got its stop signal is on its way out until it ends, starts again, or has outlived the
 * SIGKILL that would have followed by so much (ms): then the signal meant something else.
 */
const stopMargin = 2000;

interface StopMark {
  /** When the run of the container began that was told to stop; absent when it was not known yet. */
  readonly startedAt?: number;
  /** When it was told, by the clock of the Engine. */
  readonly at?: number;
  readonly until: number;
}

export class Inventory {
  readonly #options: InventoryOptions;
  readonly #containers = new Map<string, Container>();
  /** Ids to inspect; an id that is also in #reading changed since its inspect began. */
  readonly #dirty = new Set<string>();
  readonly #reading = new Set<string>();
  readonly #stopping = new Map<string, StopMark>();
  #listed = false;
  /** Everything of the first list was inspected; half a list would show pods without their sidecars. */
  #complete = false;
  #listDue = true;
  /** Of the last refresh, until something changes. */
  #observation: Observation | undefined;

  constructor(options: InventoryOptions) {
    this.#options = options;
  }

  /** Notes what has to be read again. */
  apply(change: DockerChange): void {
    this.#observation = undefined;
    switch (change.kind) {
      case 'connected':
        this.invalidate();
        break;
      case 'container':
        this.#dirty.add(change.id);
        break;
      case 'die':
        this.#applyDie(change.id, change.exitCode);
        break;
      case 'kill':
        this.#applyKill(change);
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
      await this.#inspectDirty();
    } catch (error) {
      if (!this.#listed) throw error;
      failure = error;
    }
    this.#observation ??= this.#observe();
    return failure === undefined ? this.#observation : { ...this.#observation, failure };
  }

  /** Known without asking: the answer would be late. */
  #applyDie(id: string, exitCode: number | undefined): void {
    this.#dirty.add(id);
    const container = this.#containers.get(id);
    if (container === undefined) return;
    const ended = exitCode === undefined ? {} : { exitCode };
    this.#containers.set(id, { ...container, state: 'stopped', ...ended });
  }

  #applyKill({ id, signal, at }: Extract<DockerChange, { readonly kind: 'kill' }>): void {
    const container = this.#containers.get(id);
    if (container === undefined) this.#dirty.add(id);
    const { stopSignal = 15, stopTimeout = 10_000, startedAt } = container ?? {};
    if (signal !== stopSignal && signal !== sigkill) return;
    const until = this.#options.clock.now() + stopTimeout + stopMargin;
    this.#stopping.set(id, {
      until,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(at === undefined ? {} : { at }),
    });
  }

  async #list(): Promise<void> {
    this.#listDue = false;
    try {
      const ids = new Set(await this.#options.engine.list());
      for (const id of [...this.#containers.keys()]) {
        if (!ids.has(id)) this.#keep(id, undefined);
      }
      for (const id of ids) {
        this.#dirty.add(id);
        // One more of which nothing is known yet.
        if (!this.#containers.has(id)) this.#observation = undefined;
      }
      this.#listed = true;
    } catch (error) {
      this.#listDue = true;
      throw error;
    }
  }

  /** Inspects what is dirty, and waits for it a while. Rejects with the first failure within that time. */
  #inspectDirty(): Promise<void> {
    const batch = [...this.#dirty].filter((id) => !this.#reading.has(id));
    if (batch.length === 0) return Promise.resolve();
    for (const id of batch) {
      this.#dirty.delete(id);
      this.#reading.add(id);
    }
    let late = false;
    const reading = forEachConcurrently(batch, maxInspects, async (id) => {
      await this.#inspect(id);
      if (late) this.#options.onLate();
    });
    const isFirst = !this.#complete;
    this.#complete = true;
    if (isFirst) return reading;
    // A failure that comes late is not lost: the container stays dirty.
    reading.catch(() => undefined);
    return new Promise((resolve, reject) => {
      const stopWaiting = this.#options.clock.after(patience, () => {
        late = true;
        resolve();
      });
      reading.finally(stopWaiting).then(resolve, reject);
    });
  }

  async #inspect(id: string): Promise<void> {
    // What changed while it waited for its turn is in this answer.
    this.#dirty.delete(id);
    try {
      const container = await this.#options.engine.inspect(id);
      // It changed meanwhile: what was read may be from before.
      if (this.#dirty.has(id)) return;
      this.#keep(id, container);
    } catch (error) {
      this.#dirty.add(id);
      throw error;
    } finally {
      this.#reading.delete(id);
    }
  }

  /** What is as it was stays the same object, so that nothing is worked out from it again. */
  #keep(id: string, container: Container | undefined): void {
    const known = this.#containers.get(id);
    if (known !== undefined && isDeepStrictEqual(known, container)) return;
    this.#observation = undefined;
    if (container === undefined) this.#containers.delete(id);
    else this.#containers.set(id, container);
  }

  #expireStops(): void {
    const now = this.#options.clock.now();
    for (const [id, { until }] of this.#stopping) {
      if (until > now) continue;
      this.#stopping.delete(id);
      this.#dirty.add(id);
      this.#observation = undefined;
    }
  }

  #observe(): Observation {
    for (const [id, mark] of this.#stopping) {
      const container = this.#containers.get(id);
      const ended = container === undefined || container.state === 'stopped';
      if (ended || isLaterRun(container, mark)) this.#stopping.delete(id);
    }
    return {
      containers: [...this.#containers.values()],
      stopping: new Set(this.#stopping.keys()),
      unknown: new Set(
        [...this.#dirty, ...this.#reading].filter((id) => !this.#containers.has(id)),
      ),
    };
  }
}

/** Whether the container was started again since it was told to stop. */
function isLaterRun({ startedAt }: Container, mark: StopMark): boolean {
  if (startedAt === undefined) return false;
  return mark.startedAt === undefined
    ? mark.at !== undefined && startedAt > mark.at
    : startedAt !== mark.startedAt;
}
