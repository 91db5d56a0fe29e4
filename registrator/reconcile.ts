/**
 * The loop: containers → desired records → difference to what the agent holds → writes. A trigger or the passing of
 * time starts a pass; passes run one at a time, and triggers during one make one more. What was written is read back
 * (see Holdings), so lost writes and lost data are repaired. What has not changed since the last pass is not worked
 * out again.
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
import type { Observation } from './docker/container.ts';
import type { Inventory } from './docker/inventory.ts';
import type { DockerChange } from './docker/watch.ts';
import { EventTimes } from './event-times.ts';
import type { Cause, Held, Holdings } from './holdings.ts';
import type { Metrics, Peer } from './metrics.ts';
import { selectAdopted, type AdoptionOptions } from './plan/adoption.ts';
import {
  planServices,
  type DesiredState,
  type PlanOptions,
  type WorkloadPlans,
} from './plan/desired.ts';
import { PlanCache } from './plan/plan-cache.ts';
import { diffServices, operationId, operationOrder, type Operation } from './plan/diff.ts';
import { Refusals } from './refusals.ts';

export interface ReconcilerOptions {
  readonly inventory: Inventory;
  readonly registry: Registry;
  readonly holdings: Holdings;
  readonly plan: PlanOptions;
  readonly log: Log;
  /** Absent: what the old registrator left stays. */
  readonly adoption?: AdoptionOptions;
  /** Absent when nobody reads them. */
  readonly metrics?: Metrics;
}

/**
 * A pass without news (ms): it notices that Consul is away, or has changed without us, and ends stop marks. It costs
 * one request that the agent answers from memory.
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
  /** What the last pass has gone by, and found to do. */
  #last: Outlook | undefined;
  /** A whole pass has succeeded: from then on the agent should change by our writes only. */
  #settled = false;
  /** By a clock that nobody sets. */
  #passedAt = performance.now();
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
    this.#options.holdings.invalidate();
    this.trigger();
  }

  /** Why Consul may not be as the containers ask for; empty when it is. */
  findDelays(): readonly string[] {
    if (this.#outages.size > 0) return [...this.#outages].map((part) => `${names[part]} is away`);
    return this.#settled ? [] : ['the first reading has not ended yet'];
  }

  /** Why the loop hangs, if it does. */
  findFaults(): readonly string[] {
    const silence = performance.now() - this.#passedAt;
    return silence < maxSilence ? [] : [`no pass has ended for ${Math.round(silence / 1000)} s`];
  }

  /** Runs passes until the signal aborts. Never throws: failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    let dueAt = 0;
    while (!signal.aborted) {
      const began = performance.now();
      // Events that never end must not put off for ever what is due.
      const cause = this.#triggered && began < dueAt + pollInterval ? 'event' : 'time';
      this.#triggered = false;
      const done = await this.#pass(cause, signal);
      const ended = performance.now();
      this.#passedAt = ended;
      this.#settled ||= done;
      this.#options.metrics?.observePass(ended - began);
      if (done) this.#backoff.reset();
      if (!done) dueAt = ended + this.#backoff.next();
      else if (cause === 'time') dueAt = ended + pollInterval;
      await this.#rest(dueAt - ended, signal);
    }
  }

  /** One pass; false when it has to be tried again soon. */
  async #pass(cause: Cause, signal: AbortSignal): Promise<boolean> {
    const { inventory, holdings } = this.#options;
    try {
      const observation = await inventory.refresh();
      this.#noteOutage('docker', observation.failure, signal);
      const outlook = this.#look(observation, await holdings.refresh(cause));
      this.#last = outlook;
      await this.#apply(outlook);
      this.#noteOutage('consul', undefined, signal);
      return observation.failure === undefined;
    } catch (error) {
      const isDocker = error instanceof OperationError && error.code.startsWith('E_DOCKER');
      // What was written before the failure, or in spite of it, is not known.
      if (!isDocker) holdings.invalidate();
      this.#noteOutage(isDocker ? 'docker' : 'consul', error, signal);
      return false;
    }
  }

  /** What is to be done; from the last pass as far as it still holds. */
  #look(observation: Observation, held: Held): Outlook {
    const last = this.#last;
    const desired = last?.observation === observation ? last.desired : this.#plan(observation);
    if (last?.desired === desired && last.held === held) return last;
    const { adoption } = this.#options;
    const adopted = adoption === undefined ? [] : selectAdopted(desired, held.unowned, adoption);
    const operations = diffServices(desired, held.services, adopted);
    return { observation, desired, held, operations };
  }

  #plan(observation: Observation): DesiredState {
    const { plan, metrics } = this.#options;
    const desired = planServices(observation, plan, this.#plans);
    this.#showProblems(desired.problems);
    metrics?.setState(
      desired.records.map(({ health }) => health),
      desired.problems.map(({ severity }) => severity),
    );
    return desired;
  }

  async #apply({ operations }: Outlook): Promise<void> {
    this.#refusals.keep(operations);
    const due = operations.filter((operation) => this.#refusals.isDue(operation));
    for (const kind of operationOrder) {
      const batch = due.filter((operation) => operation.kind === kind);
      await forEachConcurrently(batch, maxWrites, (operation) => this.#write(operation));
    }
  }

  /** A write that Consul refuses is reported and does not stop the others; a later pass tries it again. */
  async #write(operation: Operation): Promise<void> {
    const { holdings, log, metrics } = this.#options;
    const id = operationId(operation);
    try {
      await this.#send(operation);
      holdings.note(operation);
      this.#count(operation);
      this.#refusals.forget(id);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (!holdings.isFresh && !this.#refusals.isKnown(operation)) {
        // Perhaps the agent does not hold what we think. The next pass reads it, and knows.
        holdings.invalidate();
        this.trigger();
        return;
      }
      metrics?.countError('write');
      const reason = describeError(error);
      if (!this.#refusals.note(operation, reason)) return;
      log.error({ id }, `${error.code}: ${reason}`);
    }
  }

  #count(operation: Operation): void {
    const { metrics } = this.#options;
    const lag = this.#events.take(this.#findContainer(operation));
    const isDrift = this.#settled && lag === undefined && !this.#events.areRecent;
    metrics?.countOperation(operation.kind, isDrift);
    if (lag !== undefined) metrics?.observeLag(lag);
  }

  /** Id of the container that the service is of; empty when nobody knows. */
  #findContainer(operation: Operation): string {
    if (operation.kind === 'register') return operation.record.meta[metaKeys.containerId] ?? '';
    const id = operationId(operation);
    const service = this.#last?.held.services.find((held) => held.id === id);
    return service?.meta[metaKeys.containerId] ?? '';
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
    if (this.#triggered || signal.aborted || ms <= 0) return Promise.resolve();
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

/** What a pass goes by, and what it finds to do. */
interface Outlook {
  readonly observation: Observation;
  readonly desired: DesiredState;
  readonly held: Held;
  readonly operations: readonly Operation[];
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
