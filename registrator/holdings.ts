/**
 * What the agent holds of us. It is read when it may have changed, and between kept up with what we write: an event
 * of one container must not cost a reading of all.
 */
import type { Clock } from '../kit/clock.ts';
import type { ConsulClient } from '../kit/consul-client.ts';
import type { Closer } from '../kit/lifecycle.ts';
import { NodeWatch } from './consul/node-watch.ts';
import type { Registry } from './consul/registry.ts';
import {
  declaredCheckId,
  type ForeignService,
  type RegisteredService,
  type ServiceRecord,
} from './contract/registration.ts';
import { operationId, type Operation } from './plan/diff.ts';

export interface HoldingsOptions {
  readonly registry: Registry;
  readonly client: ConsulClient;
  readonly clock: Clock;
  /** Whether the services that no registrator of ours wrote are read too. */
  readonly readsUnowned: boolean;
}

/** Why it is asked for. An event does not wait for a reading that is only to make sure. */
export type Cause = 'event' | 'time';

/** The same object comes again while nothing has changed. */
export interface Held {
  readonly services: readonly RegisteredService[];
  /** Empty unless they are read. */
  readonly unowned: readonly ForeignService[];
}

/**
 * What we write ourselves changes the node too, and is read back at most so often (ms). So what somebody else
 * changed is found after so long at the latest.
 */
const minReadInterval = 2000;

/** What was not heard of for any reason is found after so long (ms). */
const maxReadInterval = 30_000;

export class Holdings implements Closer {
  readonly #options: HoldingsOptions;
  readonly #watch: NodeWatch;
  #services = new Map<string, RegisteredService>();
  #unowned: readonly ForeignService[] = [];
  #held: Held | undefined;
  #readAt: number | undefined;
  /** It may have changed since it was read. */
  #isDoubtful = false;
  #isFresh = false;

  constructor(options: HoldingsOptions) {
    this.#options = options;
    const onChange = (): void => {
      this.#isDoubtful = true;
    };
    this.#watch = new NodeWatch({ client: options.client, onChange });
  }

  /** The last refresh has read the agent, and nothing was written since: there is nothing truer. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /**
   * Reads the agent if need be. Throws what the registry throws, also when the agent is known but away: what is
   * written then would be lost.
   */
  async refresh(cause: Cause): Promise<Held> {
    this.#isFresh = this.#isReadDue(cause);
    if (this.#isFresh) await this.#readAgent();
    else await this.#options.registry.ping();
    return (this.#held ??= { services: [...this.#services.values()], unowned: this.#unowned });
  }

  /** What is known may be wrong: the next refresh reads the agent. */
  invalidate(): void {
    this.#readAt = undefined;
  }

  /** A write was done. */
  note(operation: Operation): void {
    this.#held = undefined;
    const id = operationId(operation);
    const held = afterWrite(this.#services.get(id), operation);
    if (held === undefined) this.#services.delete(id);
    else this.#services.set(id, held);
    this.#unowned = this.#unowned.filter((service) => service.id !== id);
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  #isReadDue(cause: Cause): boolean {
    if (this.#readAt === undefined || !this.#watch.isFollowing) return true;
    if (cause === 'event') return false;
    const age = this.#options.clock.now() - this.#readAt;
    // A clock that was set back tells no age.
    if (age < 0 || age >= maxReadInterval) return true;
    return this.#isDoubtful && age >= minReadInterval;
  }

  async #readAgent(): Promise<void> {
    const { registry, clock, readsUnowned } = this.#options;
    // What changes from here on may be missed by the reading.
    this.#isDoubtful = false;
    this.#readAt = clock.now();
    try {
      const [services, unowned] = await Promise.all([
        registry.read(),
        readsUnowned ? registry.readUnowned() : this.#unowned,
      ]);
      this.#watch.follow(registry.findNode());
      this.#keep(services, unowned);
    } catch (error) {
      this.invalidate();
      throw error;
    }
  }

  /** The registry gives the same list again when it has read the same; it holds only if we wrote nothing since. */
  #keep(services: readonly RegisteredService[], unowned: readonly ForeignService[]): void {
    const { services: known, unowned: others } = this.#held ?? {};
    if (services === known && unowned === others) return;
    this.#services = new Map(services.map((service) => [service.id, service]));
    this.#unowned = unowned;
    this.#held = { services, unowned };
  }
}

/** What the agent holds of a service after a write; undefined when it is gone. */
function afterWrite(
  held: RegisteredService | undefined,
  operation: Operation,
): RegisteredService | undefined {
  switch (operation.kind) {
    case 'deregister':
      return undefined;
    case 'register':
      return toRegistered(operation.record, held);
    case 'drain':
    case 'restore':
    case 'explain':
      return held === undefined ? undefined : { ...held, health: operation.health };
  }
}

/** A registration leaves the maintenance mode of the service on. */
function toRegistered(
  { checks, ...record }: ServiceRecord,
  held: RegisteredService | undefined,
): RegisteredService {
  return {
    ...record,
    checks: Object.fromEntries(
      checks.map(({ kind, notes }) => [declaredCheckId(record.id, kind), notes]),
    ),
    ...(held?.maintenance === undefined ? {} : { maintenance: held.maintenance }),
  };
}
