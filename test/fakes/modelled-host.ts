/**
 * A host whose containers change as Docker changes them: state and events in the order that a real Engine was seen to
 * give them. It knows what Consul should hold by the simplest rule there is, which is not how the registrator finds it.
 */
import { delay } from '../../kit/lifecycle.ts';
import { inspectReply } from './containers.ts';
import type { FakeEngine } from './docker.ts';

type Run = 'created' | 'running' | 'paused' | 'exited';

interface ModelledContainer {
  readonly id: string;
  readonly createdAt: number;
  readonly service: string;
  readonly version: string;
  readonly port: number;
  name: string;
  ip: string;
  run: Run;
  startedAt: number;
  probe?: 'starting' | 'healthy' | 'unhealthy';
}

/** What Consul should hold of one container. */
export interface ExpectedService {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly version: string;
  /** Its id. */
  readonly container: string;
  readonly status: 'passing' | 'critical';
}

export type HostCommand =
  | {
      readonly kind: 'run';
      readonly name: number;
      readonly service: number;
      readonly probed: boolean;
    }
  | { readonly kind: 'create'; readonly name: number; readonly service: number }
  | { readonly kind: 'start' | 'crash' | 'kill' | 'pause' | 'unpause'; readonly which: number }
  | { readonly kind: 'stop' | 'restart'; readonly which: number; readonly grace: number }
  | { readonly kind: 'rename'; readonly which: number; readonly name: number }
  | { readonly kind: 'remove'; readonly which: number }
  /** The Engine has no event for `starting`. */
  | { readonly kind: 'probe'; readonly which: number; readonly probe: 'healthy' | 'unhealthy' }
  | { readonly kind: 'readdress'; readonly which: number }
  | { readonly kind: 'signal'; readonly which: number };

/** What is done to a container that is there. */
type Changing = Exclude<HostCommand, { readonly kind: 'run' | 'create' }>;
type Change<C> = (container: ModelledContainer, command: C) => void | Promise<void>;

const ports = [80, 9080];

/** From when the sketches of containers count their seconds. */
const dayOfTests = Date.UTC(2026, 0, 1);

export class ModelledHost {
  /** The next so many events are lost on their way. */
  lost = 0;
  /** What the Engine's clock is ahead of ours (ms). */
  clockSkew = 0;
  /** Some event was lost since the stream was last opened. */
  missed = false;
  readonly #engine: FakeEngine;
  readonly #prefix: string;
  readonly #containers: ModelledContainer[] = [];
  #ticks = 0;

  constructor(engine: FakeEngine, prefix: string) {
    this.#engine = engine;
    this.#prefix = prefix;
  }

  /** What Consul should hold now, by service id. */
  expected(): Readonly<Record<string, ExpectedService>> {
    const alive = this.#containers.filter(isUp);
    return Object.fromEntries(
      alive.map((container) => {
        const { name, service, ip, port, version, run, probe } = container;
        const serves = run === 'running' && (probe === undefined || probe === 'healthy');
        const status = serves ? 'passing' : 'critical';
        const id = `${this.#engine.hostname}:${name}:${port}`;
        return [id, { name: service, address: ip, port, version, container: container.id, status }];
      }),
    );
  }

  /** Does what the command says, if there is a container to do it to. */
  async carryOut(command: HostCommand): Promise<void> {
    if (command.kind === 'run' || command.kind === 'create') {
      this.#create(command);
      return;
    }
    if (this.#containers.length === 0) return;
    const container = this.#containers[command.which % this.#containers.length];
    if (container === undefined) return;
    const change = this.#changes[command.kind] as Change<typeof command>;
    await change(container, command);
  }

  readonly #changes: { readonly [K in Changing['kind']]: Change<Changing & { readonly kind: K }> } =
    {
      start: (container) => {
        if (!isUp(container)) this.#start(container);
      },
      crash: (container) => {
        if (container.run === 'running') this.#die(container, 139);
      },
      kill: (container) => {
        if (!isUp(container)) return;
        this.#emit('kill', container, { signal: '9' });
        this.#die(container, 137);
      },
      pause: (container) => {
        if (container.run === 'running') this.#become(container, 'paused', 'pause');
      },
      unpause: (container) => {
        if (container.run === 'paused') this.#become(container, 'running', 'unpause');
      },
      stop: async (container, { grace }) => {
        if (isUp(container)) await this.#stop(container, grace);
      },
      restart: async (container, { grace }) => {
        if (isUp(container)) await this.#stop(container, grace);
        this.#start(container);
        this.#emit('restart', container);
      },
      remove: (container) => {
        this.#remove(container);
      },
      rename: (container, command) => {
        const name = this.#nameOf(command.name);
        if (this.#isTaken(name)) return;
        container.name = name;
        this.#emit('rename', container);
      },
      probe: (container, { probe }) => {
        if (container.probe === undefined || container.run !== 'running') return;
        container.probe = probe;
        this.#emit(`health_status: ${probe}`, container);
      },
      readdress: (container) => {
        if (container.run !== 'running') return;
        this.#sendNetwork('disconnect', container);
        container.ip = this.#freeAddress();
        this.#set(container);
        this.#sendNetwork('connect', container);
      },
      signal: (container) => {
        if (container.run === 'running') this.#emit('kill', container, { signal: '1' });
      },
    };

  #create(command: Extract<HostCommand, { readonly kind: 'run' | 'create' }>): void {
    const name = this.#nameOf(command.name);
    if (this.#isTaken(name)) return;
    this.#ticks += 1;
    const container: ModelledContainer = {
      id: this.#ticks.toString(16).padStart(64, '0'),
      createdAt: this.#ticks,
      service: `${this.#prefix}-s${command.service}`,
      version: `v${1 + (this.#ticks % 3)}`,
      port: ports[command.service % ports.length] ?? 80,
      name,
      ip: '',
      run: 'created',
      startedAt: 0,
      ...(command.kind === 'run' && command.probed ? { probe: 'starting' } : {}),
    };
    this.#containers.push(container);
    this.#emit('create', container);
    if (command.kind === 'run') this.#start(container);
  }

  #start(container: ModelledContainer): void {
    container.run = 'running';
    container.startedAt = (this.#now() - dayOfTests) / 1000;
    container.ip = this.#freeAddress();
    if (container.probe !== undefined) container.probe = 'starting';
    this.#set(container);
    this.#sendNetwork('connect', container);
    this.#emit('start', container);
  }

  /** Stopping a paused container wakes it up first, and then kills it. */
  async #stop(container: ModelledContainer, grace: number): Promise<void> {
    const wasPaused = container.run === 'paused';
    this.#emit('kill', container, { signal: '15' });
    if (wasPaused) {
      this.#become(container, 'running', 'unpause');
      this.#emit('kill', container, { signal: '9' });
    }
    await delay(grace);
    this.#die(container, wasPaused ? 137 : 0);
    this.#emit('stop', container);
  }

  #die(container: ModelledContainer, exitCode: number): void {
    container.run = 'exited';
    container.ip = '';
    this.#emit('die', container, { exitCode: String(exitCode) });
    this.#sendNetwork('disconnect', container);
  }

  #remove(container: ModelledContainer): void {
    if (isUp(container)) {
      this.#emit('kill', container, { signal: '9' });
      this.#die(container, 137);
    }
    this.#containers.splice(this.#containers.indexOf(container), 1);
    this.#engine.remove(container.id);
    this.#send({ Type: 'container', Action: 'destroy', Actor: { ID: container.id } });
  }

  #become(container: ModelledContainer, run: Run, action: string): void {
    container.run = run;
    this.#emit(action, container);
  }

  #emit(
    action: string,
    container: ModelledContainer,
    attributes: Readonly<Record<string, string>> = {},
  ): void {
    this.#set(container);
    const actor = { ID: container.id, Attributes: attributes };
    this.#send({ Type: 'container', Action: action, Actor: actor });
  }

  #sendNetwork(action: string, { id }: ModelledContainer): void {
    this.#send({
      Type: 'network',
      Action: action,
      Actor: { ID: 'mesh', Attributes: { container: id } },
    });
  }

  #send(event: object): void {
    if (this.lost > 0) {
      this.lost -= 1;
      this.missed = true;
      return;
    }
    this.#engine.send({ ...event, timeNano: this.#now() * 1e6 });
  }

  /** By the Engine's clock (ms), later at every call unless the clock jumps. */
  #now(): number {
    this.#ticks += 1;
    return Date.now() + this.clockSkew + this.#ticks / 1000;
  }

  #set(container: ModelledContainer): void {
    const { id, name, service, version, port, run, ip, createdAt, startedAt, probe } = container;
    const reply = inspectReply({
      name,
      exposed: [`${port}/tcp`],
      env: [`SERVICE_NAME=${service}`, `SERVICE_VERSION=${version}`],
      ip,
      state: run === 'created' ? 'exited' : run,
      createdAt,
      startedAt,
      ...(isUp(container) && probe !== undefined ? { health: probe } : {}),
    });
    this.#engine.set({ ...reply, Id: id });
  }

  #nameOf(index: number): string {
    return `app${index}`;
  }

  #isTaken(name: string): boolean {
    return this.#containers.some((container) => container.name === name);
  }

  /** The lowest one that is free, as Docker gives them out: an address soon belongs to another container. */
  #freeAddress(): string {
    const taken = new Set(this.#containers.map(({ ip }) => ip));
    let last = 2;
    while (taken.has(`10.0.0.${last}`)) last += 1;
    return `10.0.0.${last}`;
  }
}

function isUp({ run }: ModelledContainer): boolean {
  return run === 'running' || run === 'paused';
}
