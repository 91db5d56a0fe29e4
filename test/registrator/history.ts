import assert from 'node:assert/strict';
import { delay, Lifecycle } from '../../kit/lifecycle.ts';
import { metaKeys } from '../../registrator/contract/service-record.ts';
import { FakeEngine } from '../fakes/docker.ts';
import { FaultyProxy } from '../fakes/faulty-proxy.ts';
import { type ExpectedService, ModelledHost } from '../fakes/modelled-host.ts';
import type { TestConsul } from '../support/consul.ts';
import { type RunningRegistrator, startRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';
import { type Command, isTrouble, type Step, type Trouble } from './history-steps.ts';

/** One host with its registrator, and its way to a Consul that it shares with others. */
export class History {
  readonly #life = new Lifecycle();
  readonly #consul: TestConsul;
  readonly #engine: FakeEngine;
  readonly #proxy: FaultyProxy;
  readonly #host: ModelledHost;
  readonly #foreign: string;
  #registrator: RunningRegistrator | undefined;

  private constructor(
    consul: TestConsul,
    { engine, proxy, number }: { engine: FakeEngine; proxy: FaultyProxy; number: number },
  ) {
    this.#consul = consul;
    this.#engine = engine;
    this.#proxy = proxy;
    engine.id = `ENGINE:${number}:`;
    engine.hostname = `host${number}`;
    this.#host = new ModelledHost(engine, `h${number}`);
    // Its name is one of ours, and so is the form of its id.
    this.#foreign = `${engine.hostname}:foreign:80`;
    this.#life.add({ close: () => engine.stop() });
    this.#life.add({ close: () => proxy.stop() });
    this.#life.add({ close: () => this.#forget() });
    this.#life.add({ close: () => this.#endRegistrator() });
  }

  /** Does what the steps say, and throws at the first quiet point where something is wrong. */
  static async play(consul: TestConsul, steps: readonly Step[], number: number): Promise<void> {
    const engine = await FakeEngine.start();
    const proxy = await FaultyProxy.start(consul.address);
    const history = new History(consul, { engine, proxy, number });
    try {
      await history.#play(steps, number);
    } finally {
      await history.#life.close();
    }
  }

  async #play(steps: readonly Step[], number: number): Promise<void> {
    const { address } = this.#consul;
    await this.#consul.put('/agent/service/register', {
      ID: this.#foreign,
      Name: `h${number}-s1`,
      Address: '192.0.2.1',
      Port: 80,
    });
    const before = await this.#readForeign();
    this.#startRegistrator();
    for (const { command, pause } of [
      ...steps,
      { command: { kind: 'quiet' as const }, pause: 0 },
    ]) {
      await this.#carryOut(command);
      if (pause > 0) await delay(pause);
    }
    assert.deepEqual(await this.#readForeign(), before, `${this.#foreign} in ${address}`);
    await this.#consul.put(`/agent/service/deregister/${this.#foreign}`);
  }

  async #carryOut(command: Command): Promise<void> {
    if (isTrouble(command)) {
      await (this.#troubles[command.kind] as (trouble: Trouble) => void | Promise<void>)(command);
    } else if (command.kind === 'quiet') await this.#settle();
    else await this.#host.carryOut(command);
  }

  readonly #troubles: {
    readonly [K in Trouble['kind']]: (
      trouble: Extract<Trouble, { readonly kind: K }>,
    ) => void | Promise<void>;
  } = {
    'events end': () => {
      this.#reopenEvents();
    },
    'events are lost': ({ count }) => {
      this.#host.lost = count;
    },
    'Docker ends': () => this.#engine.halt(),
    'Docker is back': () => this.#resumeEngine(),
    'Docker fails': ({ how }) => {
      this.#engine.break('/containers/', how);
    },
    'the clock jumps': ({ by }) => {
      this.#host.clockSkew = by;
    },
    Consul: ({ mode }) => {
      this.#proxy.mode = mode;
    },
    'Consul forgets': () => this.#forget(),
    'somebody deregisters': async ({ which: index }) => {
      const ids = Object.keys(await this.#readOwn());
      const id = ids[index % Math.max(1, ids.length)];
      if (id !== undefined) await this.#deregister(id);
    },
    'the registrator ends': async () => {
      await this.#endRegistrator();
      this.#startRegistrator();
    },
  };

  /** Ends all trouble, and looks at what came of it. */
  async #settle(): Promise<void> {
    this.#proxy.mode = 'open';
    this.#engine.repair();
    await this.#resumeEngine();
    this.#host.lost = 0;
    if (this.#host.missed) this.#reopenEvents();
    this.#startRegistrator();
    // What an earlier pass is still writing is not what this one will find.
    await this.#beginPass();
    await this.#expectEqual(() => this.#readOwn());
    await this.#expectSilence();
    await this.#expectEqual(() => this.#readOwn());
    await this.#expectEqual(() => this.#readCatalog());
  }

  async #expectEqual(
    read: () => Promise<Readonly<Record<string, ExpectedService>>>,
  ): Promise<void> {
    const expected = sorted(this.#host.expected());
    let seen: unknown;
    const isEqual = async (): Promise<boolean> => {
      seen = sorted(await read());
      return JSON.stringify(seen) === JSON.stringify(expected);
    };
    await until('Consul to be as Docker is', isEqual).catch(() => {
      assert.deepEqual(seen, expected, this.#registrator?.log.lines.slice(-20).join('\n'));
    });
  }

  /**
   * Everything is read again, and found as it should be. On a busy machine the first passes still go by what was known
   * before, because they do not wait for slow answers of Docker.
   */
  async #expectSilence(): Promise<void> {
    const { requests } = this.#proxy;
    const seen: (readonly string[])[] = [];
    await this.#beginPass();
    for (let pass = 0; pass < 4; pass += 1) {
      const asked = requests.length;
      await this.#beginPass();
      const writes = requests.slice(asked).filter((line) => line.startsWith('PUT /v1/agent/'));
      if (writes.length === 0) return;
      seen.push(writes);
    }
    assert.deepEqual(seen, [], 'every pass writes, although nothing changes');
  }

  /** A pass begins by reading all of Docker; the one before has ended then, with all that it wrote. */
  async #beginPass(): Promise<void> {
    const listed = this.#countLists();
    this.#reopenEvents();
    await until('a pass', () => this.#countLists() > listed);
  }

  #countLists(): number {
    return this.#engine.requests.filter((line) => line.includes('/containers/json')).length;
  }

  /** Starts it again when it ends by itself, as a restart policy does: without Docker it cannot start. */
  #startRegistrator(): void {
    if (this.#registrator !== undefined) return;
    const started = startRegistrator(
      ['-internal', '-retry-attempts=-1', '-retry-interval=20', `consul://${this.#proxy.address}`],
      { DOCKER_HOST: this.#engine.dockerHost },
    );
    this.#registrator = started;
    void started.ended.then(async () => {
      await delay(20);
      if (this.#registrator !== started) return;
      this.#registrator = undefined;
      this.#startRegistrator();
    });
  }

  async #endRegistrator(): Promise<void> {
    const registrator = this.#registrator;
    this.#registrator = undefined;
    await registrator?.stop();
  }

  #reopenEvents(): void {
    this.#host.missed = false;
    this.#engine.dropStreams();
  }

  /** Away and back; while it was away nobody heard of anything. */
  async #resumeEngine(): Promise<void> {
    await this.#engine.halt();
    await this.#engine.resume();
    this.#host.missed = false;
  }

  /** As an agent that lost its data: what others have is kept, for there is only one agent for all histories. */
  async #forget(): Promise<void> {
    for (const id of Object.keys(await this.#readOwn())) await this.#deregister(id);
  }

  /** The registrator may have been first. */
  async #deregister(id: string): Promise<void> {
    await this.#consul.put(`/agent/service/deregister/${id}`).catch(() => undefined);
  }

  /** What the agent holds of this host, by service id. */
  async #readOwn(): Promise<Readonly<Record<string, ExpectedService>>> {
    const [services, checks] = await Promise.all([
      this.#consul.get<Readonly<Record<string, AgentService>>>(
        `/agent/services?filter=${encodeURIComponent(`Meta["${metaKeys.owner}"] == "${this.#engine.id}"`)}`,
      ),
      this.#consul.get<Readonly<Record<string, Check>>>(
        `/agent/checks?filter=${encodeURIComponent(`Notes contains "${this.#engine.id}"`)}`,
      ),
    ]);
    return toExpected(Object.values(services), Object.values(checks));
  }

  /** The same of the catalogue, where everybody looks. */
  async #readCatalog(): Promise<Readonly<Record<string, ExpectedService>>> {
    const [{ Services: services }, checks] = await Promise.all([
      this.#consul.get<{ readonly Services: readonly AgentService[] }>(
        `/catalog/node-services/test?filter=${encodeURIComponent(`Meta["${metaKeys.owner}"] == "${this.#engine.id}"`)}`,
      ),
      this.#consul.get<readonly Check[]>(
        `/health/node/test?filter=${encodeURIComponent(`Notes contains "${this.#engine.id}"`)}`,
      ),
    ]);
    return toExpected(services, checks);
  }

  /** With the index of its last write. */
  async #readForeign(): Promise<unknown> {
    const filter = encodeURIComponent(`ServiceID == "${this.#foreign}"`);
    return this.#consul.get(
      `/catalog/service/h${this.#engine.hostname.slice(4)}-s1?filter=${filter}`,
    );
  }
}

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Meta: Readonly<Record<string, string>>;
}

interface Check {
  readonly ServiceID: string;
  readonly Status: string;
}

function toExpected(
  services: readonly AgentService[],
  checks: readonly Check[],
): Readonly<Record<string, ExpectedService>> {
  const states = new Map(checks.map(({ ServiceID, Status }) => [ServiceID, Status]));
  return Object.fromEntries(
    services.map(({ ID, Service, Address, Port, Meta }) => {
      const status = states.get(ID) as ExpectedService['status'];
      const version = Meta[metaKeys.version] ?? 'none';
      const container = Meta[metaKeys.containerId] ?? 'none';
      return [ID, { name: Service, address: Address, port: Port, version, container, status }];
    }),
  );
}

function sorted<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
