/**
 * The loop: containers → desired records → difference to the agent → writes. A trigger or the passing of
 * time starts a pass; passes run one at a time, and triggers during one make one more. Nothing is remembered
 * of what was written: each pass reads the agent, so lost writes and lost data are repaired by the next one.
 */
import { systemClock } from '../kit/clock.ts';
import { createBackoff } from '../kit/backoff.ts';
import { forEachConcurrently } from '../kit/concurrent.ts';
import { ConsulHttpError } from '../kit/consul-client.ts';
import { assertNever, describeError, OperationError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';
import { formatProblem, type Problem } from '../kit/problem.ts';
import type { Registry } from './consul/registry.ts';
import { metaKeys } from './contract/service-record.ts';
import type { Inventory } from './docker/inventory.ts';
import type { DockerChange } from './docker/watch.ts';
import { EventTimes } from './event-times.ts';
import type { Metrics, Peer } from './metrics.ts';
import { selectAdopted, type AdoptionOptions } from './plan/adoption.ts';
import { planServices, type PlanOptions, type WorkloadPlans } from './plan/desired.ts';
import { PlanCache } from './plan/plan-cache.ts';
import { diffServices, operationId, operationOrder, type Operation } from './plan/diff.ts';
import { Refusals } from './refusals.ts';

export interface ReconcilerOptions {
  readonly inventory: Inventory;
  readonly registry: Registry;
  readonly plan: PlanOptions;
  readonly log: Log;
  /** Absent: what the old registrator left stays. */
  readonly adoption?: AdoptionOptions;
  /** Absent when nobody reads them. */
  readonly metrics?: Metrics;
}

/**
 * A pass without news (ms): it notices that the agent lost our services, and ends stop marks. It costs
 * three requests that the agent answers from memory, filtered to what is ours. Agent endpoints have no
 * blocking queries, and one on the catalogue would load the servers and see a loss only after they do.
 */
const pollInterval = 2000;

/** A pass ends by the time limits of its calls; one that took so long (ms) never will. */
const maxSilence = 300_000;

const names: Readonly<Record<Peer, string>> = { docker: 'Docker Engine', consul: 'Consul' };

/** How many writes run at a time. */
const maxWrites = 8;

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #backoff = createBackoff({ initial: 100, max: 2000 });
  readonly #outages = new Set<Peer>();
  #shown: ReadonlySet<string> = new Set();
  readonly #refusals = new Refusals(systemClock);
  readonly #plans: WorkloadPlans = new PlanCache();
  readonly #events = new EventTimes(systemClock);
  /** Service id → container id, of what the pass looks at. */
  #containers: ReadonlyMap<string, string> = new Map();
  /** A whole pass has succeeded: from then on the agent should change by our writes only. */
  #settled = false;
  #passedAt = systemClock.now();
  #triggered = false;
  #wake: (() => void) | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Something may have changed. */
  trigger(change?: DockerChange): void {
    if (change !== undefined && change.kind !== 'connected') {
      this.#events.note(change.id, change.at);
    }
    this.#triggered = true;
    this.#wake?.();
  }

  /** Something may have changed in Consul: what it refused is tried again at once. */
  resync(): void {
    this.#refusals.retry();
    this.trigger();
  }

  /** Why Consul may not be as the containers ask for; empty when it is. */
  findDelays(): readonly string[] {
    if (this.#outages.size > 0) return [...this.#outages].map((part) => `${names[part]} is away`);
    return this.#settled ? [] : ['the first reading has not ended yet'];
  }

  /** Why the loop hangs, if it does. */
  findFaults(): readonly string[] {
    const silence = systemClock.now() - this.#passedAt;
    return silence < maxSilence ? [] : [`no pass has ended for ${Math.round(silence / 1000)} s`];
  }

  /** Runs passes until the signal aborts. Never throws: failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#triggered = false;
      const began = systemClock.now();
      const done = await this.#pass(signal);
      this.#passedAt = systemClock.now();
      this.#settled ||= done;
      this.#options.metrics?.observePass(this.#passedAt - began);
      if (done) this.#backoff.reset();
      await this.#rest(done ? pollInterval : this.#backoff.next(), signal);
    }
  }

  /** One pass; false when it has to be tried again soon. */
  async #pass(signal: AbortSignal): Promise<boolean> {
    const { inventory, registry, plan, adoption, metrics } = this.#options;
    try {
      const observation = await inventory.refresh();
      this.#noteOutage('docker', observation.failure, signal);
      const desired = planServices(observation, plan, this.#plans);
      this.#showProblems(desired.problems);
      metrics?.setState(
        desired.records.map(({ health }) => health),
        desired.problems.map(({ severity }) => severity),
      );
      const actual = await registry.read();
      this.#containers = new Map(
        [...actual, ...desired.records].map(({ id, meta }) => [
          id,
          meta[metaKeys.containerId] ?? '',
        ]),
      );
      const adopted =
        adoption === undefined
          ? []
          : selectAdopted(desired, await registry.readForeign(), adoption);
      await this.#apply(diffServices(desired, actual, adopted));
      this.#noteOutage('consul', undefined, signal);
      return observation.failure === undefined;
    } catch (error) {
      const isDocker = error instanceof OperationError && error.code === 'E_DOCKER';
      this.#noteOutage(isDocker ? 'docker' : 'consul', error, signal);
      return false;
    }
  }

  async #apply(operations: readonly Operation[]): Promise<void> {
    this.#refusals.keep(operations);
    const due = operations.filter((operation) => this.#refusals.isDue(operation));
    for (const kind of operationOrder) {
      const batch = due.filter((operation) => operation.kind === kind);
      await forEachConcurrently(batch, maxWrites, (operation) => this.#write(operation));
    }
  }

  /** A write that Consul refuses is reported and does not stop the others; a later pass tries it again. */
  async #write(operation: Operation): Promise<void> {
    const id = operationId(operation);
    try {
      await this.#send(operation);
      this.#count(operation);
      this.#refusals.forget(id);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#options.metrics?.countError('write');
      const reason = describeError(error);
      if (!this.#refusals.note(operation, reason)) return;
      this.#options.log.error({ id }, `${error.code}: ${reason}`);
    }
  }

  #count(operation: Operation): void {
    const { metrics } = this.#options;
    const lag = this.#events.take(this.#containers.get(operationId(operation)) ?? '');
    const isDrift = this.#settled && lag === undefined && !this.#events.areRecent;
    metrics?.countOperation(operation.kind, isDrift);
    if (lag !== undefined) metrics?.observeLag(lag);
  }

  async #send(operation: Operation): Promise<void> {
    const { registry, log } = this.#options;
    switch (operation.kind) {
      case 'deregister':
        await registry.deregister(operation.id);
        log.info({ id: operation.id, service: operation.name }, 'deregistered');
        return;
      case 'register': {
        const { id, name, address, port, health } = operation.record;
        await registry.register(operation.record, operation.isNew);
        const message = operation.adopts === true ? 'adopted' : 'registered';
        log.info({ id, service: name, address, port, health: health.status }, message);
        return;
      }
      case 'drain':
      case 'restore': {
        const { id, health } = operation;
        await registry.report(id, health);
        log.info({ id, health: health.status }, health.output);
        return;
      }
      case 'explain': {
        const { service, health } = operation;
        await registry.explain(service, health);
        log.info({ id: service.id, health: health.status }, health.output);
        return;
      }
      default:
        assertNever(operation);
    }
  }

  /** One line when an outage begins, one when it ends. */
  #noteOutage(part: Peer, failure: unknown, signal: AbortSignal): void {
    const { log, metrics } = this.#options;
    if (signal.aborted) return;
    metrics?.setUp(part, failure === undefined);
    if (failure === undefined) {
      if (this.#outages.delete(part)) {
        this.#refusals.retry();
        log.info({}, `${names[part]}: works again`);
      }
      return;
    }
    metrics?.countError(part);
    if (this.#outages.has(part)) return;
    this.#outages.add(part);
    log.error({}, `${names[part]}: ${describeError(failure)}; trying again`);
  }

  /** Each problem is logged when it appears, not on every pass. */
  #showProblems(problems: readonly Problem[]): void {
    const { log } = this.#options;
    const lines = new Map(problems.map((problem) => [formatProblem(problem), problem]));
    for (const [line, { severity, code }] of lines) {
      if (this.#shown.has(line)) continue;
      if (severity === 'error') log.error({ code }, line);
      else log.warn({ code }, line);
    }
    this.#shown = new Set(lines.keys());
  }

  /** Waits until a trigger, the end, or `ms`. */
  #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#triggered || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener('abort', wake, { once: true });
      this.#wake = wake;
    });
  }
}

/**
 * Consul's verdict on one request, not a failure of Consul. Its agent answers 500 to a check by command
 * while it runs none (agent.addCheck).
 */
function isRefusal(error: unknown): error is OperationError {
  if (error instanceof ConsulHttpError) {
    return error.status < 500 || error.message.includes('Scripts are disabled');
  }
  return error instanceof OperationError && error.code === 'E_ID_TAKEN';
}
