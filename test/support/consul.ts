/** A real Consul agent for one test suite: single server, free loopback ports, its own data directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConsulClient, type ConsulClient } from '../../kit/consul-client.ts';
import { freePort } from './ports.ts';
import { findConsul } from './programs.ts';
import { until } from './until.ts';

/** Keys of Consul's configuration file. */
export interface TestConsulConfig {
  readonly ports?: Readonly<Record<string, number>>;
  readonly [key: string]: unknown;
}

export class TestConsul {
  readonly address: string;
  readonly client: ConsulClient;
  readonly #folder: string;
  readonly #program: string;
  #process: ChildProcess | undefined;

  private constructor(program: string, folder: string, port: number) {
    this.#program = program;
    this.#folder = folder;
    this.address = `http://127.0.0.1:${port}`;
    this.client = createConsulClient({ address: this.address });
  }

  /** Starts an agent and waits until it has a leader. `extra` is more of its configuration. */
  static async start(extra: TestConsulConfig = {}): Promise<TestConsul> {
    const program = await findConsul();
    const folder = await mkdtemp(join(tmpdir(), 'composemesh-consul-'));
    const http = await freePort();
    const config = {
      server: true,
      bootstrap_expect: 1,
      node_name: 'test',
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      data_dir: join(folder, 'data'),
      log_level: 'warn',
      disable_update_check: true,
      performance: { raft_multiplier: 1 },
      ...extra,
      ports: {
        http,
        server: await freePort(),
        serf_lan: await freePort(),
        serf_wan: -1,
        dns: -1,
        grpc: -1,
        grpc_tls: -1,
        ...extra.ports,
      },
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const consul = new TestConsul(program, folder, http);
    try {
      await consul.run();
      return consul;
    } catch (error) {
      await consul.stop();
      throw error;
    }
  }

  /** Starts the agent again, on the same ports and with the data it had, unless they were lost. */
  async run(): Promise<void> {
    const child = spawn(
      this.#program,
      ['agent', '-config-file', join(this.#folder, 'config.json')],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    this.#process = child;
    await until('a Consul leader', () => {
      if (hasEnded(child)) throw new Error(`Consul ended by itself: ${output}`);
      return this.#hasLeader();
    });
  }

  /** Ends the agent. `SIGKILL` is a crash. */
  async halt(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Forgets everything; only while the agent does not run. */
  async loseData(): Promise<void> {
    await rm(join(this.#folder, 'data'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.halt();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** GET below /v1. */
  async get<T>(path: string): Promise<T> {
    return (await this.client.request({ path: `/v1${path}` })).body as T;
  }

  async put(path: string, body?: unknown): Promise<void> {
    await this.client.request({ method: 'PUT', path: `/v1${path}`, body });
  }

  /** The instances of a service that get traffic, as `address:port`. */
  async passing(service: string): Promise<readonly string[]> {
    const entries = await this.get<HealthEntry[]>(`/health/service/${service}?passing`);
    return entries.map(({ Service }) => `${Service.Address}:${Service.Port}`).sort();
  }

  /** Status and text of the registrator's check of every instance of a service, by service id. */
  async states(service: string): Promise<Readonly<Record<string, string>>> {
    const entries = await this.get<HealthEntry[]>(`/health/service/${service}`);
    return Object.fromEntries(
      entries.map(({ Service, Checks }) => {
        const check = Checks.find(({ CheckID }) => CheckID.endsWith(':docker'));
        return [Service.ID, check === undefined ? 'none' : `${check.Status}: ${check.Output}`];
      }),
    );
  }

  /** Resolves when these instances, as `address:port`, are the ones that get traffic. */
  async untilPassing(service: string, ...instances: readonly string[]): Promise<void> {
    await until(`${service} to be ${instances.join(' ') || 'without traffic'}`, async () => {
      return (await this.passing(service)).join() === instances.join();
    });
  }

  /** Resolves when an instance of the service has the state, as `states` writes it. */
  async untilState(service: string, expected: string | RegExp): Promise<void> {
    await until(`${service} to be ${String(expected)}`, async () =>
      Object.values(await this.states(service)).some((state) =>
        typeof expected === 'string' ? state === expected : expected.test(state),
      ),
    );
  }

  /** Resolves when the service has no instance any more. */
  async untilGone(service: string): Promise<void> {
    await until(`${service} to be gone`, async () => {
      return Object.keys(await this.states(service)).length === 0;
    });
  }

  /** Deregisters every service of the agent. */
  async forgetServices(): Promise<void> {
    for (const id of Object.keys(await this.get<object>('/agent/services'))) {
      await this.put(`/agent/service/deregister/${encodeURIComponent(id)}`);
    }
  }

  async #hasLeader(): Promise<boolean> {
    try {
      const leader = await this.get<string>('/status/leader');
      // A leader is known before the agent itself is in the catalogue.
      return leader !== '' && (await this.get<unknown[]>('/catalog/nodes')).length > 0;
    } catch {
      return false;
    }
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

export interface HealthEntry {
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
    readonly Weights: { readonly Passing: number };
  };
  readonly Checks: readonly {
    readonly CheckID: string;
    readonly Status: string;
    readonly Output: string;
  }[];
}
