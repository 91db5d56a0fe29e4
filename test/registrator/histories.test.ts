/**
 * Random histories of a host, against the registrator and a real Consul: whatever happened to containers, to the
 * Engine's events and answers, to Consul's, and to the registrator itself, at every quiet point Consul holds exactly
 * what the containers ask for, what others registered is untouched, and nothing is written that is not needed.
 *
 * HISTORIES is how many; SEED (printed with a failure, beside the path) makes them again.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { delay, Lifecycle } from '../../kit/lifecycle.ts';
import { metaKeys } from '../../registrator/contract/service-record.ts';
import { FakeEngine } from '../fakes/docker.ts';
import { FaultyProxy, type ProxyMode } from '../fakes/faulty-proxy.ts';
import { type ExpectedService, type HostCommand, ModelledHost } from '../fakes/modelled-host.ts';
import { TestConsul } from '../support/consul.ts';
import { type RunningRegistrator, startRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';

type Trouble =
  | {
      readonly kind:
        'events end' | 'Docker ends' | 'Docker is back' | 'Consul forgets' | 'the registrator ends';
    }
  | { readonly kind: 'events are lost'; readonly count: number }
  | { readonly kind: 'the clock jumps'; readonly by: number }
  | { readonly kind: 'Docker fails'; readonly how: 'status 500' | 'truncated' | 'reset' }
  | { readonly kind: 'Consul'; readonly mode: ProxyMode }
  | { readonly kind: 'somebody deregisters'; readonly which: number };

type Command = HostCommand | Trouble | { readonly kind: 'quiet' };

const troubles: ReadonlySet<string> = new Set<Trouble['kind']>([
  'events end',
  'events are lost',
  'Docker ends',
  'Docker is back',
  'Docker fails',
  'the clock jumps',
  'Consul',
  'Consul forgets',
  'somebody deregisters',
  'the registrator ends',
]);

function isTrouble(command: Command): command is Trouble {
  return troubles.has(command.kind);
}

interface Step {
  readonly command: Command;
  /** How long until the next one (ms). */
  readonly pause: number;
}

const which = fc.nat(11);
const name = fc.nat(5);
const service = fc.nat(2);
const grace = fc.constantFrom(0, 5, 20);

const hostCommand: fc.Arbitrary<HostCommand> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      name,
      service,
      probed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create' as const), name, service }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('start', 'crash', 'kill', 'pause', 'unpause'),
      which,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('stop', 'restart'), which, grace }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), which, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('probe' as const),
      which,
      probe: fc.constantFrom('healthy', 'unhealthy'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('readdress', 'signal'), which }),
  },
);

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({
    kind: fc.constantFrom(
      'events end',
      'Docker ends',
      'Docker is back',
      'Consul forgets',
      'the registrator ends',
    ),
  }),
  fc.record({
    kind: fc.constant('events are lost' as const),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  fc.record({
    kind: fc.constant('the clock jumps' as const),
    by: fc.constantFrom(-3_600_000, 3_600_000),
  }),
  fc.record({
    kind: fc.constant('Docker fails' as const),
    how: fc.constantFrom('status 500', 'truncated', 'reset'),
  }),
  fc.record({
    kind: fc.constant('Consul' as const),
    mode: fc.constantFrom('open', 'refused', 'error', 'lost answer', 'slow'),
  }),
  fc.record({ kind: fc.constant('somebody deregisters' as const), which }),
);

const step: fc.Arbitrary<Step> = fc.record({
  command: fc.oneof(
    { weight: 12, arbitrary: hostCommand },
    { weight: 4, arbitrary: trouble },
    { weight: 1, arbitrary: fc.constant({ kind: 'quiet' as const }) },
  ),
  pause: fc.constantFrom(0, 0, 0, 1, 5, 30),
});

/** One host with its registrator, and its way to a Consul that it shares with others. */
class History {
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
    await until('Consul to be as Docker is', isEqual, 15_000).catch(() => {
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

describe('the registrator in random histories', () => {
  const histories = Number(process.env['HISTORIES'] ?? '500');
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
  /** Histories that go on side by side: each mostly waits. */
  const lanes = 24;
  let consul: TestConsul;
  let count = 0;

  before(async () => {
    consul = await TestConsul.start();
  });

  after(() => consul.stop());

  it(`leaves Consul exactly as Docker is, in ${histories} of them`, async function () {
    this.timeout(180_000);
    const lane = (_: unknown, index: number): Promise<void> =>
      fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 24, size: 'max' }),
          async (steps) => {
            count += 1;
            await History.play(consul, steps, count);
          },
        ),
        {
          seed: seed + index,
          numRuns: Math.ceil(histories / lanes),
          interruptAfterTimeLimit: 150_000,
          markInterruptAsFailure: true,
        },
      );
    await Promise.all(Array.from({ length: lanes }, lane));
  });
});
