/** A registrator between the machine's Docker Engine and a Consul of its own, and the containers of one suite. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { TestConsul } from '../support/consul.ts';
import { startRegistrator, type RunningRegistrator } from '../support/registrator.ts';
import { docker } from './docker.ts';

/** As the docker CLI finds the Engine. */
export const dockerHost = process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock';

/** Each suite has its own, and mocha loads them all into one process. */
let stages = 0;

export class RegistratorStage {
  /** Begins the names of all that the suite makes; that of its network. */
  readonly name: string;
  /** EXPOSEs port 9080, and sleeps. */
  readonly image: string;
  readonly #life = new Lifecycle();
  readonly #containers = new Set<string>();
  #consul: TestConsul | undefined;
  #registrator: RunningRegistrator | undefined;

  constructor() {
    stages += 1;
    this.name = `cmesh-e2e-${process.pid}-${stages}`;
    this.image = `${this.name}-image`;
  }

  get consul(): TestConsul {
    if (this.#consul === undefined) throw new Error('Consul is there while a suite runs');
    return this.#consul;
  }

  /** What the registrator of the suite has logged. */
  get lines(): readonly string[] {
    return this.#registrator?.log.lines ?? [];
  }

  /** The registry URI of the Consul agent. */
  get uri(): string {
    return this.consul.address.replace('http:', 'consul:');
  }

  /** Runs a command of the registrator between the same two. */
  run(...argv: readonly string[]): RunningRegistrator {
    return startRegistrator([...argv, this.uri], { DOCKER_HOST: dockerHost });
  }

  /** Starts a container that sleeps until the test is over; returns its name. */
  async start(part: string, ...flags: readonly string[]): Promise<string> {
    return this.startWith(part, ['--init', ...flags], ['sleep', 'infinity']);
  }

  /** The same on the suite's network, as a service. */
  alone(part: string, ...flags: readonly string[]): Promise<string> {
    return this.start(part, '--network', this.name, '-e', `SERVICE_NAME=${part}`, ...flags);
  }

  /** A container on the suite's network that runs a script of bash. */
  script(part: string, script: string): Promise<string> {
    const flags = ['--network', this.name, '-e', `SERVICE_NAME=${part}`];
    return this.startWith(part, flags, ['bash', '-c', script]);
  }

  async startWith(
    part: string,
    flags: readonly string[],
    command: readonly string[],
  ): Promise<string> {
    const full = `${this.name}-${part}`;
    this.#containers.add(full);
    await docker('run', '-d', '--name', full, ...flags, this.image, ...command);
    return full;
  }

  /** Ends the containers of a test. */
  async clear(): Promise<void> {
    if (this.#containers.size > 0) await docker('rm', '-f', ...this.#containers);
    this.#containers.clear();
  }

  async open(): Promise<void> {
    await Promise.all([buildImage(this.image), docker('network', 'create', this.name)]);
    this.#life.add({
      close: async () => {
        await docker('network', 'rm', this.name);
        await docker('rmi', '-f', this.image);
      },
    });
    const consul = await TestConsul.start({ enable_script_checks: true });
    this.#life.add({ close: () => consul.stop() });
    this.#consul = consul;
    const registrator = this.run('-internal');
    this.#registrator = registrator;
    this.#life.add({
      close: async () => {
        await registrator.stop();
      },
    });
  }

  close(): Promise<void> {
    return this.#life.close();
  }
}

/** An image that EXPOSEs a port: a container in another's network cannot be given one otherwise. */
async function buildImage(image: string): Promise<void> {
  const build = spawn('docker', ['build', '-q', '-t', image, '-'], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  build.stdin.end('FROM debian:bookworm-slim\nEXPOSE 9080\nCMD ["sleep", "infinity"]\n');
  const [code] = (await once(build, 'exit')) as [number | null];
  assert.equal(code, 0, 'docker build');
}

/** A stage for the suite that calls it; its containers end with each test. */
export function useRegistratorStage(): RegistratorStage {
  const stage = new RegistratorStage();
  before(() => stage.open());
  afterEach(() => stage.clear());
  after(() => stage.close());
  return stage;
}
