import { systemClock } from '../../kit/clock.ts';
import type { ConsulClient } from '../../kit/consul-client.ts';
import { createLog } from '../../kit/log.ts';
import { formatProblem } from '../../kit/problem.ts';
import { openConsulStore } from '../../pilot/store/consul-store.ts';
import type { ConfigStore } from '../../pilot/store/store.ts';
import { TestConsul } from './consul.ts';
import { untilValue } from './until-value.ts';

const log = createLog('test', 'silent');

/** Where the stores of tests keep their keys. */
export const prefix = 'mesh/config';

/** The stores of several pilots on one Consul, and somebody who writes there by hand. */
export class ConsulPilots {
  readonly consul: TestConsul;
  #stores: ConfigStore[] = [];

  private constructor(consul: TestConsul) {
    this.consul = consul;
  }

  static async start(): Promise<ConsulPilots> {
    return new ConsulPilots(await TestConsul.start());
  }

  async open(client: ConsulClient = this.consul.client): Promise<ConfigStore> {
    const store = await openConsulStore({ client, prefix, clock: systemClock, log });
    this.#stores.push(store);
    return store;
  }

  /** Resolves when `summary` of what is in force is as expected. */
  become(store: ConfigStore, expected: string): Promise<unknown> {
    return untilValue(store.resources, () => summary(store) === expected);
  }

  pathOf(name: string): string {
    return `${prefix}/networking.istio.io/VirtualService/default/${name}`;
  }

  async raw(path: string): Promise<string> {
    const response = await fetch(`${this.consul.address}/v1/kv/${path}?raw`);
    return response.text();
  }

  /** As somebody does with `consul kv put`. */
  async putByHand(path: string, text: string): Promise<void> {
    await fetch(`${this.consul.address}/v1/kv/${path}`, { method: 'PUT', body: text });
  }

  async deleteByHand(path: string): Promise<void> {
    await fetch(`${this.consul.address}/v1/kv/${path}`, { method: 'DELETE' });
  }

  problems(store: ConfigStore): readonly string[] {
    return (store.problems.current() ?? []).map(formatProblem);
  }

  async closeAll(): Promise<void> {
    for (const store of this.#stores) await store.close();
    this.#stores = [];
  }

  async clear(): Promise<void> {
    await this.closeAll();
    await this.deleteByHand(`${prefix}/?recurse=true`);
  }

  stop(): Promise<void> {
    return this.consul.stop();
  }
}

/** `name:subset` of every VirtualService in force. */
export function summary(store: ConfigStore): string {
  const lines = store.list().items.map(({ metadata, spec }) => {
    const { http } = spec as { http: { route: { destination: { subset: string } }[] }[] };
    return `${metadata.name}:${http[0]?.route[0]?.destination.subset ?? ''}`;
  });
  return lines.join(' ');
}

export function versions(store: ConfigStore): readonly (string | undefined)[] {
  return store.list().items.map(({ metadata }) => metadata.resourceVersion);
}
