/** What the registrator counts, as Prometheus reads it. */
import type { Problem } from '../kit/problem.ts';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Health } from './contract/registration.ts';
import { operationOrder, type Operation } from './plan/diff.ts';

/** What can be away. */
export type Peer = 'docker' | 'consul';

const prefix = 'composemesh_registrator';

/** From a few milliseconds, the usual, to what a resync repairs (s). */
const lagBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class Metrics {
  readonly #registry = new Registry();
  readonly #operations = this.#counter('operations_total', 'Writes to Consul, by kind', 'kind');
  readonly #errors = this.#counter(
    'errors_total',
    'Failures: of docker and consul as a whole, and writes that Consul refused',
    'part',
  );
  readonly #drift = this.#counter(
    'drift_total',
    'Writes that no container event asked for: somebody else changed Consul, or an event was lost',
    'kind',
  );
  readonly #lag = new Histogram({
    name: `${prefix}_event_lag_seconds`,
    help: 'From a container event, by the clock of the Engine, to the end of the writes it caused',
    buckets: lagBuckets,
    registers: [this.#registry],
  });
  readonly #passes = new Histogram({
    name: `${prefix}_pass_seconds`,
    help: 'How long it takes to read both sides and to write the difference',
    buckets: lagBuckets,
    registers: [this.#registry],
  });
  readonly #services = this.#gauge('services', 'Services that should be registered', 'health');
  readonly #problems = this.#gauge('problems', 'Mistakes in labels and variables', 'severity');
  readonly #up = this.#gauge('up', '1 when the last call succeeded, else 0', 'part');

  /** Every label starts with 0, so that the first of its kind is a rise that a rule can see. */
  constructor() {
    for (const kind of operationOrder) {
      this.#operations.inc({ kind }, 0);
      this.#drift.inc({ kind }, 0);
    }
    for (const part of ['docker', 'consul', 'write'] as const) this.#errors.inc({ part }, 0);
    for (const part of ['docker', 'consul'] as const) this.#up.set({ part }, 0);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of `/metrics`. */
  format(): Promise<string> {
    return this.#registry.metrics();
  }

  countOperation(kind: Operation['kind'], isDrift: boolean): void {
    this.#operations.inc({ kind });
    if (isDrift) this.#drift.inc({ kind });
  }

  /** `write` is one that Consul refused. */
  countError(part: Peer | 'write'): void {
    this.#errors.inc({ part });
  }

  setUp(part: Peer, isUp: boolean): void {
    this.#up.set({ part }, isUp ? 1 : 0);
  }

  /** Milliseconds; clocks that disagree would make it negative. */
  observeLag(ms: number): void {
    this.#lag.observe(Math.max(0, ms) / 1000);
  }

  observePass(ms: number): void {
    this.#passes.observe(ms / 1000);
  }

  setState(healths: readonly Health[], severities: readonly Problem['severity'][]): void {
    for (const health of ['passing', 'critical'] as const) {
      this.#services.set({ health }, healths.filter(({ status }) => status === health).length);
    }
    for (const severity of ['error', 'warning'] as const) {
      this.#problems.set({ severity }, severities.filter((item) => item === severity).length);
    }
  }

  #counter(name: string, help: string, label: string): Counter {
    return new Counter({
      name: `${prefix}_${name}`,
      help,
      labelNames: [label],
      registers: [this.#registry],
    });
  }

  #gauge(name: string, help: string, label: string): Gauge {
    return new Gauge({
      name: `${prefix}_${name}`,
      help,
      labelNames: [label],
      registers: [this.#registry],
    });
  }
}
