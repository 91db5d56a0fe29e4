/** Which ports of a workload are services, and at which address and port others reach them. */
import type { Attachment, Container, ContainerPort, Transport } from '../docker/container.ts';
import { isUsableAddress, type PortSettings } from '../docker/labels.ts';
import { appPorts, type Workload } from './workload.ts';

export interface EndpointOptions {
  /** The container's address and port, not the host's. */
  readonly internal: boolean;
  /** Only containers on this network, by their address in it unless they name another. */
  readonly network?: string;
  /** Address of published ports. */
  readonly ip?: string;
  /** Address of the host, when `ip` is not set and a port is published on all addresses. */
  readonly hostAddress?: string;
  /** Label of the container that has the address to register. */
  readonly ipLabel?: string;
}

/** A port that others can reach. */
export interface ReachablePort {
  /** Inside the container. */
  readonly port: number;
  readonly transport: Transport;
  /** What others dial. */
  readonly dialPort: number;
  /** Set when the port is published on one address of the host. */
  readonly hostIp?: string;
}

/**
 * The ports of the app that others can reach: with `internal` all it has, else those that are published
 * (by the owner of its network, if it joined one). On the host's network an exposed port is a host port.
 */
export function listPorts(workload: Workload, internal: boolean): readonly ReachablePort[] {
  return appPorts(workload).flatMap((port) => reachPort(workload, port, internal) ?? []);
}

/** How others reach a port of the app, exposed or not; undefined when they cannot. */
export function reachPort(
  { owner }: Workload,
  { port, transport }: ContainerPort,
  internal: boolean,
): ReachablePort | undefined {
  if (internal || owner.networkMode.kind === 'host') return { port, transport, dialPort: port };
  const published = owner.published.find(
    (candidate) => candidate.port === port && candidate.transport === transport,
  );
  if (published === undefined) return undefined;
  const { hostPort, hostIp } = published;
  return { port, transport, dialPort: hostPort, ...(hostIp === undefined ? {} : { hostIp }) };
}

export type Address =
  | { readonly kind: 'found'; readonly address: string; readonly warning?: string }
  | { readonly kind: 'missing'; readonly code: string; readonly message: string };

/** The address to register for `port`: SERVICE_IP > the label of -useIpFromLabel > the mode's own rule. */
export function chooseAddress(
  workload: Workload,
  port: ReachablePort,
  settings: PortSettings,
  options: EndpointOptions,
): Address {
  if (settings.ip !== undefined) return { kind: 'found', address: settings.ip };
  const fallback = (): Address =>
    options.internal
      ? chooseContainerAddress(workload, settings, options)
      : chooseHostAddress(port, options);
  if (options.ipLabel === undefined) return fallback();
  const label = workload.app.labels[options.ipLabel];
  const address = label?.replace(/\/\d+$/, '').trim();
  if (address !== undefined && isUsableAddress(address)) return { kind: 'found', address };
  const warning =
    label === undefined
      ? `has no label ${options.ipLabel} (-useIpFromLabel); its usual address is registered`
      : `label ${options.ipLabel} is "${label}", which is no address; its usual address is registered`;
  const usual = fallback();
  return usual.kind === 'missing' ? usual : { ...usual, warning };
}

function chooseHostAddress(port: ReachablePort, options: EndpointOptions): Address {
  const address = options.ip ?? port.hostIp ?? options.hostAddress;
  return address === undefined
    ? {
        kind: 'missing',
        code: 'E_ADDRESS',
        message: 'is not registered: the address of this host is unknown; set -ip',
      }
    : { kind: 'found', address };
}

function chooseContainerAddress(
  { owner }: Workload,
  settings: PortSettings,
  options: EndpointOptions,
): Address {
  if (owner.networkMode.kind === 'host') {
    const address = options.ip ?? options.hostAddress;
    if (address !== undefined) return { kind: 'found', address };
  }
  return chooseNetworkAddress(owner, settings.network ?? options.network);
}

/** The address on the network `wanted`, else on the primary one. */
function chooseNetworkAddress(owner: Container, wanted: string | undefined): Address {
  const attached = owner.networks.filter(
    ({ ipv4, ipv6 }) => ipv4 !== undefined || ipv6 !== undefined,
  );
  const chosen =
    wanted === undefined ? attached[0] : attached.find(({ network }) => network === wanted);
  const address = chosen?.ipv4 ?? chosen?.ipv6;
  return address === undefined ? missingAddress(attached, wanted) : { kind: 'found', address };
}

/** None of the networks that have an address is the one that is wanted, or there is none at all. */
function missingAddress(attached: readonly Attachment[], wanted: string | undefined): Address {
  if (wanted === undefined) {
    const message =
      'is not registered: it has no address of its own; attach it to a network or set SERVICE_IP';
    return { kind: 'missing', code: 'E_ADDRESS', message };
  }
  const names = attached.map(({ network }) => network).join(', ');
  const message = `is not registered: it is not on network "${wanted}" (on: ${names === '' ? 'none' : names})`;
  return { kind: 'missing', code: 'E_NETWORK', message };
}
