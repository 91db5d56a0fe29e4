/** What every suite of the registrator stands on: a Docker Engine to change, a real Consul, registrators between. */
import { Lifecycle } from '../../kit/lifecycle.ts';
import { FakeEngine } from '../fakes/docker.ts';
import { TestConsul, type TestConsulConfig } from './consul.ts';
import { startRegistrator, type RunningRegistrator } from './registrator.ts';

export interface BenchOptions {
  /** Flags of every registrator; `-internal` unless told. */
  readonly flags?: readonly string[];
  /** More of Consul's configuration. */
  readonly consul?: TestConsulConfig;
}

export class RegistratorBench {
  readonly #options: BenchOptions;
  #consul: TestConsul | undefined;
  #engine: FakeEngine | undefined;
  #life = new Lifecycle();

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  /** One for the suite. */
  get consul(): TestConsul {
    if (this.#consul === undefined) throw new Error('Consul is there while a suite runs');
    return this.#consul;
  }

  /** A new one for each test. */
  get engine(): FakeEngine {
    if (this.#engine === undefined) throw new Error('the Engine is there while a test runs');
    return this.#engine;
  }

  /** Closed after the test, the last first. */
  get life(): Lifecycle {
    return this.#life;
  }

  /** The registry URI of the Consul agent. */
  get uri(): string {
    return this.consul.address.replace('http:', 'consul:');
  }

  /** Starts a registrator between the two; it ends with the test. */
  start(...flags: readonly string[]): RunningRegistrator {
    return this.run({}, ...(this.#options.flags ?? ['-internal']), ...flags, this.uri);
  }

  /** The same with a whole command line, and more of the environment. */
  run(env: Readonly<Record<string, string>>, ...argv: readonly string[]): RunningRegistrator {
    const running = startRegistrator(argv, { DOCKER_HOST: this.engine.dockerHost, ...env });
    this.#life.add({
      close: async () => {
        await running.stop();
      },
    });
    return running;
  }

  /** Another Engine, for another host. */
  async addEngine(): Promise<FakeEngine> {
    const engine = await FakeEngine.start();
    this.#life.add({ close: () => engine.stop() });
    return engine;
  }

  /** What all tests of a suite share. */
  async openSuite(): Promise<void> {
    this.#consul = await TestConsul.start(this.#options.consul);
  }

  async closeSuite(): Promise<void> {
    await this.#consul?.stop();
  }

  async open(): Promise<void> {
    this.#life = new Lifecycle();
    this.#engine = await this.addEngine();
  }

  /** Ends what the test started, and forgets what it registered. */
  async close(): Promise<void> {
    await this.#life.close();
    await this.consul.forgetServices();
  }
}

/** A bench for the suite that calls it; its parts are there while a test runs. */
export function useRegistratorBench(options: BenchOptions = {}): RegistratorBench {
  const bench = new RegistratorBench(options);
  before(() => bench.openSuite());
  beforeEach(() => bench.open());
  afterEach(() => bench.close());
  after(() => bench.closeSuite());
  return bench;
}
