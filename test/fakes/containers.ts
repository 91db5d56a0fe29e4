/** Inspect replies as the Engine gives them, from the few things a test wants to say. */
import type { InspectReply } from '../../registrator/docker/container.ts';

export interface ContainerSketch {
  readonly name: string;
  readonly image?: string;
  /** Such as `9080/tcp`. */
  readonly exposed?: readonly string[];
  readonly published?: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly ip?: string;
  readonly networks?: Readonly<Record<string, string>>;
  /** NetworkMode as the Engine stores it. */
  readonly network?: string;
  readonly state?: 'running' | 'paused' | 'exited' | 'restarting';
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
  readonly healthOutput?: string;
  readonly exitCode?: number;
  /** Seconds into the test's day. */
  readonly startedAt?: number;
  readonly createdAt?: number;
  readonly stopSignal?: string;
  readonly stopTimeout?: number;
}

/** The id of the container named so: 64 hexadecimal digits. */
export function idOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
}

/** `-p HOST:CONTAINER` on all addresses, by container port such as `80/tcp`. */
export function publish(
  ports: Readonly<Record<string, string>>,
): Required<ContainerSketch>['published'] {
  return Object.fromEntries(
    Object.entries(ports).map(([port, HostPort]) => [port, [{ HostIp: '0.0.0.0', HostPort }]]),
  );
}

/** A running container on network `mesh`, unless the sketch says otherwise. */
export function inspectReply(sketch: ContainerSketch): InspectReply {
  return {
    Id: idOf(sketch.name),
    Name: `/${sketch.name}`,
    Created: time(sketch.createdAt ?? 0),
    State: stateOf(sketch),
    Config: configOf(sketch),
    HostConfig: { NetworkMode: sketch.network ?? 'mesh' },
    NetworkSettings: networkOf(sketch),
  };
}

function stateOf(sketch: ContainerSketch): Required<InspectReply>['State'] {
  const { state = 'running', health, healthOutput = '' } = sketch;
  return {
    Running: state !== 'exited',
    Paused: state === 'paused',
    Restarting: state === 'restarting',
    StartedAt: time(sketch.startedAt ?? 1),
    ExitCode: sketch.exitCode ?? 0,
    ...(health === undefined
      ? {}
      : { Health: { Status: health, Log: [{ Output: healthOutput }] } }),
  };
}

function configOf(sketch: ContainerSketch): Required<InspectReply>['Config'] {
  return {
    Image: sketch.image ?? 'example/web:1.0',
    Env: ['PATH=/bin', ...(sketch.env ?? [])],
    Labels: sketch.labels ?? {},
    ExposedPorts: exposedOf(sketch, {}),
    ...(sketch.stopSignal === undefined ? {} : { StopSignal: sketch.stopSignal }),
    ...(sketch.stopTimeout === undefined ? {} : { StopTimeout: sketch.stopTimeout }),
  };
}

/** What shares another's network, or has none, has neither ports nor networks in its inspect reply. */
function networkOf(sketch: ContainerSketch): Required<InspectReply>['NetworkSettings'] {
  const { network = 'mesh', ip = '10.0.0.2', state } = sketch;
  if (/^(container:|host$|none$)/.test(network)) return { Ports: {}, Networks: {} };
  const addresses = sketch.networks ?? { [network]: state === 'exited' ? '' : ip };
  return {
    Ports: { ...exposedOf(sketch, null), ...sketch.published },
    Networks: Object.fromEntries(
      Object.entries(addresses).map(([name, address]) => [name, { IPAddress: address }]),
    ),
  };
}

function exposedOf<T>(sketch: ContainerSketch, value: T): Readonly<Record<string, T>> {
  return Object.fromEntries((sketch.exposed ?? []).map((port) => [port, value]));
}

/** As the Engine writes it: trailing zeros of the fraction cut off. */
function time(seconds: number): string {
  return new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace(/\.?0*Z$/, 'Z');
}
