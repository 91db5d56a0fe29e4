/**
 * The registrator between a real Docker Engine and a real Consul, while containers start, stop, die, pause, restart and
 * go at random, and the event stream, Consul and the registrator are cut off at random. At every quiet point Consul must
 * hold exactly what runs.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import Docker from 'dockerode';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { TestConsul } from '../support/consul.ts';
import { type RunningRegistrator, startRegistrator } from '../support/registrator.ts';
import { CutSocket } from './cut-socket.ts';
import { type ExpectedInstance, SoakHost } from './host.ts';

export interface SoakOptions {
  readonly minutes: number;
  /** How many containers there are at most. */
  readonly containers: number;
  /** An image with a shell. */
  readonly image: string;
  readonly print: (line: string) => void;
}

export interface SoakReport {
  /** At most so many containers at a time. */
  readonly containers: number;
  readonly services: number;
  readonly minutes: number;
  readonly actions: Readonly<Record<string, number>>;
  readonly quietPoints: number;
  /** From the end of all trouble until Consul was right, longest of all quiet points (ms). */
  readonly longest: number;
  /** Instances that ran and Consul had not, at the end of a quiet point. */
  readonly lost: number;
  /** Instances that Consul had though they were gone. */
  readonly stale: number;
  /** Instances that Consul had with another name, address or health. */
  readonly wrong: number;
  /** Quiet points at which the service of somebody else was not as it was. */
  readonly foreignTouched: number;
}

/** What is wrong at the end of a quiet point, in lines. */
interface Faults {
  readonly lost: readonly string[];
  readonly stale: readonly string[];
  readonly wrong: readonly string[];
}

/** How many faults of all kinds a soak has found; 0 is a success. */
export function countFaults({ lost, stale, wrong, foreignTouched }: SoakReport): number {
  return lost + stale + wrong + foreignTouched;
}

const services = 20;
/** How long there is trouble between two quiet points (ms). */
const round = 8000;
/** How long Consul may be wrong after the trouble has ended (ms). */
const patience = 15_000;
const foreign = 'soak-foreign';

export class Soak {
  readonly #options: SoakOptions;
  readonly #life = new Lifecycle();
  readonly #actions: Record<string, number> = {};
  readonly #host: SoakHost;
  readonly #name = `soak-${randomUUID().slice(0, 8)}`;
  readonly #consul: TestConsul;
  readonly #socket: CutSocket;
  #registrator: RunningRegistrator | undefined;

  private constructor(options: SoakOptions, parts: { consul: TestConsul; socket: CutSocket }) {
    this.#options = options;
    this.#consul = parts.consul;
    this.#socket = parts.socket;
    this.#host = new SoakHost(new Docker(), { name: this.#name, image: options.image });
  }

  /** Does it all, and removes everything that it made. */
  static async run(options: SoakOptions, signal: AbortSignal): Promise<SoakReport> {
    const life = new Lifecycle();
    try {
      const consul = await TestConsul.start();
      life.add({ close: () => consul.stop() });
      const path = join(tmpdir(), `composemesh-soak-${process.pid}.sock`);
      const socket = life.add(await CutSocket.open(path, '/var/run/docker.sock'));
      const soak = new Soak(options, { consul, socket });
      life.add({ close: () => soak.#life.close() });
      return await soak.#run(signal);
    } finally {
      await life.close();
    }
  }

  async #run(signal: AbortSignal): Promise<SoakReport> {
    await this.#host.open();
    this.#life.add({ close: () => this.#host.close() });
    this.#life.add({ close: () => this.#endRegistrator() });
    await this.#registerForeign();
    this.#startRegistrator();
    const end = Date.now() + this.#options.minutes * 60_000;
    const report = { quietPoints: 0, longest: 0, lost: 0, stale: 0, wrong: 0, foreignTouched: 0 };
    while (Date.now() < end && !signal.aborted) {
      await this.#trouble(Math.min(end, Date.now() + round));
      const { took, faults } = await this.#settle();
      report.quietPoints += 1;
      report.longest = Math.max(report.longest, took);
      report.lost += faults.lost.length;
      report.stale += faults.stale.length;
      report.wrong += faults.wrong.length;
      report.foreignTouched += (await this.#isForeignThere()) ? 0 : 1;
      this.#options.print(`quiet point ${report.quietPoints}: ${describe(took, faults)}`);
    }
    const { minutes, containers } = this.#options;
    return { containers, services, minutes, actions: this.#actions, ...report };
  }

  async #trouble(until: number): Promise<void> {
    const work = async (): Promise<void> => {
      while (Date.now() < until) await this.#act();
    };
    const cut = async (): Promise<void> => {
      while (Date.now() < until) {
        await delay(500 + Math.random() * 3000);
        await this.#cut();
      }
    };
    await Promise.all([work(), work(), work(), cut()]);
  }

  /** One thing that happens to a container. What Docker refuses, such as to stop what is gone, did not happen. */
  async #act(): Promise<void> {
    const containers = await this.#host.list();
    const container = pick(containers);
    const actions: Readonly<Record<string, () => Promise<unknown>>> =
      container === undefined || containers.length < this.#options.containers / 2
        ? { run: () => this.#host.run(Math.floor(Math.random() * services)) }
        : {
            ...(containers.length < this.#options.containers
              ? { run: () => this.#host.run(Math.floor(Math.random() * services)) }
              : {}),
            start: () => container.start(),
            stop: () => container.stop({ t: 1 }),
            kill: () => container.kill(),
            hup: () => container.kill({ signal: 'SIGWINCH' }),
            pause: () => container.pause(),
            unpause: () => container.unpause(),
            restart: () => container.restart({ t: 0 }),
            remove: () => container.remove({ force: true }),
          };
    const name = pick(Object.keys(actions)) ?? 'run';
    await actions[name]?.().then(
      () => (this.#actions[name] = (this.#actions[name] ?? 0) + 1),
      () => undefined,
    );
  }

  async #cut(): Promise<void> {
    const cuts: Readonly<Record<string, () => Promise<void> | void>> = {
      'events cut': () => {
        this.#socket.cut();
      },
      'events cut by half': () => this.#socket.cutByHalf(1000),
      'Consul restarted': async () => {
        await this.#consul.halt(Math.random() < 0.5 ? 'SIGTERM' : 'SIGKILL');
        await this.#consul.run();
      },
      'Consul lost its data': async () => {
        await this.#consul.halt('SIGKILL');
        await this.#consul.loseData();
        await this.#consul.run();
        await this.#registerForeign();
      },
      'registrator restarted': async () => {
        await this.#endRegistrator();
        this.#startRegistrator();
      },
    };
    const name = pick(Object.keys(cuts)) ?? '';
    await cuts[name]?.();
    this.#actions[name] = (this.#actions[name] ?? 0) + 1;
  }

  async #settle(): Promise<{ readonly took: number; readonly faults: Faults }> {
    const began = Date.now();
    const expected = await this.#host.expected();
    for (;;) {
      const held = await this.#readConsul().catch((): Record<string, ExpectedInstance> => ({}));
      const took = Date.now() - began;
      const faults = findFaults(held, expected);
      if (listFaults(faults).length === 0) return { took, faults };
      if (took > patience) {
        const log = this.#registrator?.log.lines.slice(-20) ?? [];
        this.#options.print([...listFaults(faults), ...log].join('\n'));
        return { took, faults };
      }
      await delay(20);
    }
  }

  /** What callers see, by the name of the container. */
  async #readConsul(): Promise<Readonly<Record<string, ExpectedInstance>>> {
    const [{ Services }, checks] = await Promise.all([
      this.#consul.get<{ readonly Services: readonly CatalogService[] }>(
        '/catalog/node-services/test',
      ),
      this.#consul.get<readonly { readonly ServiceID: string; readonly Status: string }[]>(
        '/health/node/test',
      ),
    ]);
    const status = new Map(checks.map(({ ServiceID, Status }) => [ServiceID, Status]));
    const own = Services.filter(({ ID }) => ID.includes(`:${this.#name}-`));
    return Object.fromEntries(
      own.map(({ ID, Service, Address }) => [
        ID.split(':')[1] ?? '',
        {
          name: Service,
          address: Address,
          status: status.get(ID) === 'passing' ? 'passing' : 'critical',
        },
      ]),
    );
  }

  async #registerForeign(): Promise<void> {
    const service = { ID: foreign, Name: 'soak1', Address: '192.0.2.1', Port: 1 };
    await this.#consul.put('/agent/service/register', service);
  }

  async #isForeignThere(): Promise<boolean> {
    const held = await this.#consul.get<Readonly<Record<string, unknown>>>('/agent/services');
    return foreign in held;
  }

  /** Without Docker it cannot start, and a restart policy starts it again. */
  #startRegistrator(): void {
    const started = startRegistrator(
      [
        ...['-internal', '-network', this.#name, '-retry-attempts=-1', '-retry-interval=100'],
        this.#consul.address.replace('http:', 'consul:'),
      ],
      { DOCKER_HOST: `unix://${this.#socket.path}` },
    );
    this.#registrator = started;
    void started.ended.then(async () => {
      await delay(100);
      if (this.#registrator === started) this.#startRegistrator();
    });
  }

  async #endRegistrator(): Promise<void> {
    const registrator = this.#registrator;
    this.#registrator = undefined;
    await registrator?.stop();
  }
}

interface CatalogService {
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
}

function findFaults(
  held: Readonly<Record<string, ExpectedInstance>>,
  expected: Readonly<Record<string, ExpectedInstance>>,
): Faults {
  const show = (name: string): string =>
    `${name}: Consul ${JSON.stringify(held[name])}, Docker ${JSON.stringify(expected[name])}`;
  const names = Object.keys(expected);
  return {
    lost: names.filter((name) => !(name in held)).map(show),
    stale: Object.keys(held)
      .filter((name) => !(name in expected))
      .map(show),
    wrong: names
      .filter((name) => name in held && !isDeepStrictEqual(held[name], expected[name]))
      .map(show),
  };
}

function listFaults({ lost, stale, wrong }: Faults): readonly string[] {
  return [...lost, ...stale, ...wrong];
}

function describe(took: number, faults: Faults): string {
  const count = listFaults(faults).length;
  return count === 0 ? `right after ${took} ms` : `${count} wrong after ${took} ms`;
}

function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
