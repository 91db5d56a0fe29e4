/**
 * The part of a container that decides what it is in Consul, read from the Engine's inspect reply. Only
 * fields that every Engine API version has are read: `NetworkSettings.IPAddress` and its kind are gone in
 * API 1.52.
 */
import { constants } from 'node:os';

export type ContainerState = 'running' | 'paused' | 'stopped';

/** What the container is in a meshed group: the pod owns the network, the sidecar proxies for the app. */
export type Role = 'app' | 'pod' | 'sidecar';

export type NetworkMode =
  /** On networks of its own; `primary` is the name or id of the first one. */
  | { readonly kind: 'own'; readonly primary: string }
  /** In the network namespace of another container; `owner` is its id, or its name in old configurations. */
  | { readonly kind: 'joined'; readonly owner: string }
  | { readonly kind: 'host' }
  | { readonly kind: 'none' };

export interface Attachment {
  readonly network: string;
  readonly ipv4?: string;
  readonly ipv6?: string;
}

export type Transport = 'tcp' | 'udp';

export interface ContainerPort {
  readonly port: number;
  readonly transport: Transport;
}

export interface PublishedPort extends ContainerPort {
  /** Absent when the port is published on every address of the host. */
  readonly hostIp?: string;
  readonly hostPort: number;
}

export interface Container {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** As it was asked for: with its tag, or a digest. */
  readonly image: string;
  /** The host name inside it. */
  readonly hostname?: string;
  /** Milliseconds since the epoch, with a fraction. */
  readonly createdAt: number;
  readonly state: ContainerState;
  /** Milliseconds since the epoch, with a fraction; absent when it never ran. */
  readonly startedAt?: number;
  /** Present when it has ended. */
  readonly exitCode?: number;
  /** Absent without a HEALTHCHECK. */
  readonly health?: 'starting' | 'healthy' | 'unhealthy';
  /** What the last health probe printed, shortened. */
  readonly healthOutput?: string;
  /** The number of the signal that asks it to stop. */
  readonly stopSignal: number;
  /** Milliseconds from the stop signal to SIGKILL; infinite when it is never sent. */
  readonly stopTimeout: number;
  readonly networkMode: NetworkMode;
  /** The primary network first. */
  readonly networks: readonly Attachment[];
  readonly exposed: readonly ContainerPort[];
  readonly published: readonly PublishedPort[];
  /** Only variables that configure services: the rest is often secret, and never needed. */
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly compose?: {
    readonly project: string;
    readonly service: string;
    /** Of the replica; absent for a container of `docker compose run`. */
    readonly number?: string;
  };
}

/** What one Engine runs at one moment. */
export interface Observation {
  readonly containers: readonly Container[];
  /** Ids of containers that got their stop signal and still run. */
  readonly stopping: ReadonlySet<string>;
  /** Ids of containers that exist but could not be read: nothing may be concluded about them. */
  readonly unknown: ReadonlySet<string>;
}

/** The fields of an inspect reply that are read; every one may be missing or null. */
export interface InspectReply {
  readonly Id: string;
  readonly Name: string;
  readonly Created?: string;
  readonly State?: {
    readonly Running?: boolean;
    readonly Paused?: boolean;
    readonly Restarting?: boolean;
    readonly StartedAt?: string;
    readonly ExitCode?: number;
    readonly Health?: HealthReply | null;
  };
  readonly Config?: {
    readonly Image?: string;
    readonly Hostname?: string;
    readonly Env?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly StopSignal?: string;
    readonly StopTimeout?: number | null;
  };
  readonly HostConfig?: { readonly NetworkMode?: string };
  readonly NetworkSettings?: {
    readonly Ports?: Readonly<Record<string, readonly PortBinding[] | null>> | null;
    readonly Networks?: Readonly<Record<string, NetworkEndpoint | null>> | null;
  };
}

interface HealthReply {
  readonly Status?: string;
  readonly Log?: readonly { readonly Output?: string }[] | null;
}

interface PortBinding {
  readonly HostIp?: string;
  readonly HostPort?: string;
}

interface NetworkEndpoint {
  readonly NetworkID?: string;
  readonly IPAddress?: string;
  readonly GlobalIPv6Address?: string;
  /** API 1.48. */
  readonly GwPriority?: number;
}

/** Docker's default for `docker stop` (ms). */
const defaultStopTimeout = 10_000;
const defaultStopSignal = 15;

/** Reads an inspect reply. Total: what is missing or malformed is left out. */
export function parseContainer(reply: InspectReply): Container {
  const networkMode = parseNetworkMode(reply.HostConfig?.NetworkMode ?? '');
  return {
    id: reply.Id,
    name: reply.Name.replace(/^\//, ''),
    createdAt: parseTime(reply.Created) ?? 0,
    ...parseConfig(reply.Config ?? {}),
    ...parseState(reply.State ?? {}),
    ...parseHealth(reply.State?.Health ?? {}),
    networkMode,
    networks: parseNetworks(reply.NetworkSettings?.Networks ?? {}, networkMode),
    exposed: parseExposed(reply),
    published: parsePublished(reply.NetworkSettings?.Ports ?? {}),
  };
}

function parseConfig(
  config: NonNullable<InspectReply['Config']>,
): Pick<
  Container,
  'role' | 'image' | 'hostname' | 'stopSignal' | 'stopTimeout' | 'env' | 'labels' | 'compose'
> {
  const labels = config.Labels ?? {};
  return {
    role: parseRole(labels),
    image: config.Image ?? '',
    stopSignal: parseSignal(config.StopSignal ?? '') ?? defaultStopSignal,
    stopTimeout: parseStopTimeout(config.StopTimeout ?? undefined),
    env: parseEnv(config.Env ?? []),
    labels,
    ...present('hostname', config.Hostname),
    ...parseCompose(labels),
  };
}

/** Docker waits for ever when the seconds are negative. */
function parseStopTimeout(seconds: number | undefined): number {
  if (seconds === undefined) return defaultStopTimeout;
  return seconds < 0 ? Infinity : seconds * 1000;
}

function parseRole(labels: Readonly<Record<string, string>>): Role {
  const role = labels['composemesh.role'];
  return role === 'pod' || role === 'sidecar' ? role : 'app';
}

function parseState(
  state: NonNullable<InspectReply['State']>,
): Pick<Container, 'state' | 'startedAt' | 'exitCode'> {
  const running = state.Running === true && state.Restarting !== true;
  const startedAt = parseTime(state.StartedAt);
  const ended = !running && startedAt !== undefined;
  return {
    state: running ? (state.Paused === true ? 'paused' : 'running') : 'stopped',
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(ended ? { exitCode: state.ExitCode ?? 0 } : {}),
  };
}

/** The Engine says "none", or nothing, when there is no HEALTHCHECK. */
function parseHealth(health: HealthReply): Pick<Container, 'health' | 'healthOutput'> {
  const { Status: status } = health;
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return {};
  const output = health.Log?.at(-1)?.Output?.trim().slice(0, 200);
  return { health: status, ...present('healthOutput', output) };
}

/**
 * RFC 3339 with up to nine decimals → milliseconds with a fraction: Date.parse would cut two starts in one
 * millisecond to the same value. The Engine writes year 1 for "never".
 */
function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || text.startsWith('0001-')) return undefined;
  const seconds = Date.parse(text.replace(/\.\d+/, ''));
  if (Number.isNaN(seconds)) return undefined;
  const fraction = /\.\d+/.exec(text)?.[0] ?? '0';
  return seconds + Number(fraction) * 1000;
}

/** `SIGTERM`, `term`, `15` → 15, `SIGRTMIN+3` → 37 (systemd's); undefined for anything else. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RTMIN\+(\d+)$/.exec(name)?.[1];
  if (realTime !== undefined) return 34 + Number(realTime);
  const signals: Readonly<Record<string, number>> = constants.signals;
  return signals[`SIG${name}`];
}

function parseNetworkMode(mode: string): NetworkMode {
  if (mode.startsWith('container:')) {
    return { kind: 'joined', owner: mode.slice('container:'.length) };
  }
  if (mode === 'host' || mode === 'none') return { kind: mode };
  return { kind: 'own', primary: mode === 'default' || mode === '' ? 'bridge' : mode };
}

/**
 * The networks with an address, the primary first: the one named in NetworkMode, then by gateway priority,
 * then by name. Swarm's `ingress` is never an address of a service.
 */
function parseNetworks(
  networks: Readonly<Record<string, NetworkEndpoint | null>>,
  mode: NetworkMode,
): readonly Attachment[] {
  const primary = mode.kind === 'own' ? mode.primary : '';
  const rank = (name: string, endpoint: NetworkEndpoint): number =>
    name === primary || endpoint.NetworkID === primary ? 0 : 1;
  return Object.entries(networks)
    .flatMap(([name, endpoint]) => (endpoint === null ? [] : [{ name, endpoint }]))
    .filter(({ name }) => name !== 'ingress')
    .sort(
      (left, right) =>
        rank(left.name, left.endpoint) - rank(right.name, right.endpoint) ||
        (right.endpoint.GwPriority ?? 0) - (left.endpoint.GwPriority ?? 0) ||
        compareText(left.name, right.name),
    )
    .map(({ name, endpoint }) => ({
      network: name,
      ...present('ipv4', endpoint.IPAddress),
      ...present('ipv6', endpoint.GlobalIPv6Address),
    }));
}

/** Compose writes `expose: ["80"]` as `80`, which the Engine lists as `80/tcp` elsewhere: one port, named twice. */
function parseExposed(reply: InspectReply): readonly ContainerPort[] {
  const keys = [
    ...Object.keys(reply.Config?.ExposedPorts ?? {}),
    ...Object.keys(reply.NetworkSettings?.Ports ?? {}),
  ];
  const ports = keys
    .flatMap((key) => parsePortKey(key) ?? [])
    .map((port) => [`${port.port}/${port.transport}`, port] as const);
  return [...new Map(ports).values()].sort(comparePorts);
}

function parsePublished(
  ports: Readonly<Record<string, readonly PortBinding[] | null>>,
): readonly PublishedPort[] {
  return Object.entries(ports)
    .flatMap(([key, bindings]) => {
      const port = parsePortKey(key);
      return port === undefined ? [] : (bindings ?? []).map((binding) => ({ port, binding }));
    })
    .flatMap(({ port, binding }) => {
      const hostPort = Number(binding.HostPort);
      if (!isPort(hostPort)) return [];
      const wildcard = binding.HostIp === '0.0.0.0' || binding.HostIp === '::';
      return [{ ...port, hostPort, ...present('hostIp', wildcard ? '' : binding.HostIp) }];
    })
    .sort(comparePorts);
}

/** `9080/tcp` → port and transport; undefined for SCTP, which neither Consul nor Envoy routes. */
function parsePortKey(key: string): ContainerPort | undefined {
  const [digits = '', transport = 'tcp'] = key.split('/');
  const port = Number(digits);
  if (!isPort(port) || (transport !== 'tcp' && transport !== 'udp')) return undefined;
  return { port, transport };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65535;
}

function comparePorts(left: ContainerPort, right: ContainerPort): number {
  return left.port - right.port || compareText(left.transport, right.transport);
}

function parseEnv(entries: readonly string[]): Readonly<Record<string, string>> {
  const pairs = entries.flatMap((entry) => {
    const at = entry.indexOf('=');
    if (at < 1 || !entry.startsWith('SERVICE_')) return [];
    return [[entry.slice(0, at), entry.slice(at + 1)] as const];
  });
  return Object.fromEntries(pairs);
}

function parseCompose(labels: Readonly<Record<string, string>>): Pick<Container, 'compose'> {
  const project = labels['com.docker.compose.project'];
  const service = labels['com.docker.compose.service'];
  if (project === undefined || service === undefined) return {};
  const number = labels['com.docker.compose.container-number'];
  return { compose: { project, service, ...present('number', number) } };
}

function present<K extends string>(
  key: K,
  value: string | undefined,
): Partial<Readonly<Record<K, string>>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}

/** Orders by code unit: the same on every machine, whatever its locale. */
export function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
