import type { Clock } from '../../kit/clock.ts';
import type { ConsulClient } from '../../kit/consul-client.ts';
import { describeError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import type { Problem } from '../../kit/problem.ts';
import { sameElements } from '../../kit/same-elements.ts';
import { type Watched, WatchedCell } from '../../kit/watched.ts';
import type { RegisteredService } from '../model/service.ts';
import { AbsenceMemory } from './absence-memory.ts';
import { type ReplyInfo, followBlockingQuery } from '../../kit/blocking-query.ts';
import { type ConsulEntry, type ConvertedService, convertService } from './consul-service.ts';
import { settle } from './settle.ts';

export interface ConsulCatalogOptions {
  readonly client: ConsulClient;
  readonly clock: Clock;
  readonly log: Log;
  /** How long after trouble with Consul nothing it no longer lists is given up (ms). */
  readonly settleTime?: number;
  /** How long an instance that is no longer listed is remembered as down (ms). */
  readonly memoryTime?: number;
}

/** Consul lists itself; nobody calls it through the mesh. */
const hidden: ReadonlySet<string> = new Set(['consul']);

/**
 * The services that Consul knows, with their instances, followed by blocking queries: one on the list of
 * services and one on the health of each. There is no catalogue until each has answered once; when Consul
 * is away the last one stays.
 */
export class ConsulCatalog implements Closer {
  readonly catalog = new WatchedCell<readonly RegisteredService[]>(sameElements);
  readonly problems = new WatchedCell<readonly Problem[]>();
  readonly #options: ConsulCatalogOptions;
  readonly #settleTime: number;
  readonly #memory: AbsenceMemory;
  readonly #names: Closer;
  readonly #followed = new Map<string, FollowedService>();
  #reachable: boolean | undefined;
  #listed = false;
  #settledAt = 0;
  #cancelSettling: (() => void) | undefined;
  #cancelForgetting: (() => void) | undefined;
  /** What Consul lists, and while it settles what it listed before. */
  #believed: readonly RegisteredService[] = [];

  constructor(options: ConsulCatalogOptions) {
    this.#options = options;
    this.#settleTime = options.settleTime ?? 5000;
    this.#memory = new AbsenceMemory(options.memoryTime ?? 600_000);
    this.#names = followBlockingQuery({
      client: options.client,
      path: '/v1/catalog/services',
      onReply: (body, info) => {
        this.#onReply(info);
        this.#follow(Object.keys(body as Readonly<Record<string, unknown>>));
      },
      onFailure: this.#onFailure,
    });
  }

  async close(): Promise<void> {
    this.#cancelSettling?.();
    this.#cancelForgetting?.();
    await Promise.all([
      this.#names.close(),
      ...[...this.#followed.values()].map((one) => one.close()),
    ]);
  }

  #follow(listed: readonly string[]): void {
    this.#listed = true;
    const names = new Set(listed.filter((name) => !hidden.has(name)));
    for (const [name, service] of this.#followed) {
      if (names.has(name)) continue;
      void service.close();
      this.#followed.delete(name);
    }
    for (const name of names) {
      if (!this.#followed.has(name)) this.#followed.set(name, this.#followService(name));
    }
    this.#publish();
  }

  #followService(name: string): FollowedService {
    const service: FollowedService = {
      ...followBlockingQuery({
        client: this.#options.client,
        path: `/v1/health/service/${encodeURIComponent(name)}`,
        onReply: (body, info) => {
          this.#onReply(info);
          service.converted = convertService(name, body as readonly ConsulEntry[]);
          this.#publish();
        },
        onFailure: this.#onFailure,
      }),
      converted: undefined,
    };
    return service;
  }

  /** After an outage, or when Consul has lost its data, its lists may be short for a while. */
  #onReply({ reset }: ReplyInfo): void {
    if (this.#reachable === false || reset) this.#startSettling();
    if (this.#reachable === false) this.#options.log.info({}, 'Consul answers again');
    this.#reachable = true;
  }

  readonly #onFailure = (error: unknown): void => {
    if (this.#reachable !== false) {
      this.#options.log.warn(
        { error: describeError(error) },
        'Consul does not answer: the services known so far stay in force, trying again. Check that Consul runs and that --registry names its address',
      );
    }
    this.#reachable = false;
  };

  #startSettling(): void {
    const { clock } = this.#options;
    this.#settledAt = clock.now() + this.#settleTime;
    this.#cancelSettling?.();
    this.#cancelSettling = clock.after(this.#settleTime, () => {
      this.#publish();
    });
  }

  #publish(): void {
    const converted = [...this.#followed.values()].map((service) => service.converted);
    if (!this.#listed || converted.includes(undefined)) return;
    const known = converted.filter((one) => one !== undefined);
    const listed = known.map(({ service }) => service);
    const now = this.#options.clock.now();
    const settling = now < this.#settledAt;
    this.#believed = settling ? settle(this.#believed, listed) : listed;
    this.problems.set(known.flatMap(({ problems }) => problems));
    this.catalog.set(this.#memory.complete(this.#believed, now).toSorted(byHostname));
    this.#forgetLater(now);
  }

  #forgetLater(now: number): void {
    const due = this.#memory.nextForgetting;
    this.#cancelForgetting?.();
    if (due === undefined) return;
    this.#cancelForgetting = this.#options.clock.after(due - now, () => {
      this.#publish();
    });
  }
}

interface FollowedService extends Closer {
  /** Absent until Consul has answered once. */
  converted: ConvertedService | undefined;
}

function byHostname(left: RegisteredService, right: RegisteredService): number {
  return left.hostname < right.hostname ? -1 : 1;
}

/** A catalogue that never has a service: `--registry none`. */
export const noCatalog: Watched<readonly RegisteredService[]> = {
  current: () => [],
  subscribe: (listener) => {
    listener([]);
    return () => undefined;
  },
};
