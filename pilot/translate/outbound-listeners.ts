import type {
  FilterChain,
  FilterChainMatch,
  SocketListener,
  TcpHandler,
  Tracing,
} from '../ir/listener.ts';
import {
  blackHoleCluster,
  httpListenerName,
  meshPorts,
  outboundCluster,
  outboundRoutes,
  passthroughCluster,
  tcpListenerName,
  tracingCluster,
  virtualOutbound,
} from '../ir/names.ts';
import type { TcpRoute } from '../api/virtual-service-schema.ts';
import { coversHostname } from '../model/hostname.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import { type Service, type ServicePort, handlingOf } from '../model/service.ts';
import type { Destinations } from './destinations.ts';
import type { MeshOptions } from './options.ts';
import { concernsCaller, httpPorts, isForSidecars, servesHttp } from './routes.ts';

/**
 * How long a connection may stay silent before it counts as what its port is declared to be, or as a byte stream where
 * nothing is declared. Only servers that speak first and were not declared as `tcp` pay it.
 */
export const sniffTimeoutMs = 5000;

/**
 * Where HTTP is declared, silence is that of an HTTP client that connects early, as connection pools do. As a byte
 * stream its requests would pass by rules, logs and metrics for as long as the connection lives.
 */
export function spokenOf({ protocol }: ServicePort): { readonly spoken?: true } {
  return protocol === undefined ? {} : { spoken: true };
}

/** The listeners of outbound traffic: they do not depend on rules for HTTP, so rules never drain them. */
export function translateOutboundListeners(
  mesh: Mesh,
  view: View,
  destinations: Destinations,
  options: MeshOptions,
): readonly SocketListener[] {
  const services = [...mesh.services.values()];
  const listeners = uniqueByName([
    ...httpPorts(mesh)
      .filter((port) => !isReserved(port, view))
      .map((port) => httpListener(port, services, options)),
    ...services.flatMap((service) =>
      service.ports
        .filter((port) => handlingOf(port) === 'tcp' && service.resolution !== 'none')
        .map((port) =>
          tcpListener(service, port, tcpRoute(mesh, service, port, { view, destinations })),
        ),
    ),
  ]);
  return view.socketFolder === undefined
    ? [captureListener, ...listeners]
    : listeners.map(onSocket(view.socketFolder));
}

/** The capturing listeners have these ports on every address, and Envoy refuses a second listener there. */
function isReserved(port: number, { capture }: View): boolean {
  return capture === 'redirect' && (port === meshPorts.outbound || port === meshPorts.inbound);
}

/** Of two services to which users gave the same address and port, the first has the listener. */
function uniqueByName(listeners: readonly SocketListener[]): readonly SocketListener[] {
  return uniqueBy(listeners, ({ name }) => name);
}

function uniqueByAddress(services: readonly Service[]): readonly Service[] {
  return uniqueBy(services, ({ address }) => address);
}

function uniqueBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] {
  const keys = new Set<string>();
  return values.filter((value) => {
    const before = keys.size;
    return keys.add(keyOf(value)).size > before;
  });
}

/** Its chains still see the address that the caller was going to: the PROXY protocol restores it. */
function onSocket(folder: string): (listener: SocketListener) => SocketListener {
  return (listener) => ({
    ...listener,
    bindToPort: true,
    socketPath: `${folder}/${listener.name}`,
  });
}

/** A chain that hands connections to one cluster. */
export function tcpChain(name: string, match: FilterChainMatch, cluster: string): FilterChain {
  return { name, match, handler: tcpHandler([{ name: cluster, weight: 1 }], cluster) };
}

function tcpHandler(clusters: TcpHandler['clusters'], statPrefix: string): TcpHandler {
  return { kind: 'tcp', statPrefix, clusters };
}

const passthroughChain = tcpChain('passthrough', {}, passthroughCluster);

const outbound = {
  kind: 'socket',
  address: '0.0.0.0',
  direction: 'outbound',
  useOriginalDst: false,
  bindToPort: false,
  originalDst: false,
} as const;

/** Takes every captured connection and hands it to the listener of its original destination. */
const captureListener: SocketListener = {
  ...outbound,
  name: virtualOutbound,
  port: meshPorts.outbound,
  bindToPort: true,
  useOriginalDst: true,
  originalDst: true,
  sniffing: { kind: 'off' },
  chains: [
    // A connection made to the capturing port itself would be passed on to itself for ever.
    tcpChain('loop', { destinationPort: meshPorts.outbound }, blackHoleCluster),
  ],
  defaultChain: passthroughChain,
};

/**
 * What is HTTP is routed by its Host. What is not, although the port is declared or taken for HTTP, goes to
 * the service that owns the address: a wrong or missing declaration never sends a call to another service.
 */
function httpListener(
  port: number,
  services: readonly Service[],
  options: MeshOptions,
): SocketListener {
  return {
    ...outbound,
    name: httpListenerName(port),
    port,
    sniffing: { kind: 'http', timeoutMs: sniffTimeoutMs, exceptPorts: [] },
    chains: [
      {
        name: 'http',
        match: { http: true },
        handler: {
          kind: 'http',
          statPrefix: `outbound_${httpListenerName(port)}`,
          routes: outboundRoutes(port),
          ...tracingOf(options),
        },
      },
      ...uniqueByAddress(
        services.filter((service) => servesHttp(service, port) && service.resolution !== 'none'),
      ).map((service) =>
        tcpChain(
          service.hostname,
          { destination: service.address, ...spokenAt(service, port) },
          outboundCluster(service.hostname, port),
        ),
      ),
    ],
    defaultChain: passthroughChain,
  };
}

function spokenAt(service: Service, number: number): { readonly spoken?: true } {
  const port = service.ports.find((candidate) => candidate.number === number);
  return port === undefined ? {} : spokenOf(port);
}

/** Spans for requests that a proxy sends or receives. */
export function tracingOf({ tracing }: MeshOptions): { readonly tracing?: Tracing } {
  if (tracing === undefined) return {};
  return { tracing: { cluster: tracingCluster, sampling: tracing.sampling } };
}

function tcpListener(service: Service, port: ServicePort, handler: TcpHandler): SocketListener {
  return {
    ...outbound,
    name: tcpListenerName(service.address, port.number),
    address: service.address,
    port: port.number,
    sniffing: { kind: 'off' },
    chains: [],
    defaultChain: { name: handler.statPrefix, match: {}, handler },
  };
}

interface TcpContext {
  readonly view: View;
  readonly destinations: Destinations;
}

/**
 * The first tcp rule for this host and port, else the service itself. As in Istio, every VirtualService that covers the
 * host has a say, the oldest first: unlike with http, a name in full does not go before a wildcard.
 */
function tcpRoute(
  mesh: Mesh,
  service: Service,
  port: ServicePort,
  { view, destinations }: TcpContext,
): TcpHandler {
  const name = outboundCluster(service.hostname, port.number);
  const routes = mesh.virtualServices
    .filter(({ hosts, spec }) => isForSidecars(spec) && coverService(hosts, service))
    .flatMap((rule) => (rule.spec.tcp ?? []).map((route, index) => ({ rule, route, index })));
  const found = routes.find(({ route }) => concernsConnection(route, port, view));
  const targets = (found?.route.route ?? [])
    .map(({ destination, weight }, _, all) => ({
      name: destinations(destination, port.number).cluster,
      weight: all.length === 1 ? 1 : (weight ?? 0),
    }))
    .filter(({ weight }) => weight > 0);
  if (found === undefined || targets.length === 0) return tcpHandler([{ name, weight: 1 }], name);
  const rule = `VirtualService ${found.rule.namespace}/${found.rule.name}`;
  return { ...tcpHandler(targets, name), origin: { rule, path: `spec.tcp[${found.index}]` } };
}

function coverService(hosts: readonly string[], { hostname }: Service): boolean {
  return hosts.some((host) => coversHostname(host, hostname));
}

/** Who calls and which port decide once for the whole view. */
function concernsConnection({ match }: TcpRoute, port: ServicePort, view: View): boolean {
  return (
    match === undefined ||
    match.length === 0 ||
    match.some((condition) => concernsCaller(condition, { port: port.number, view }))
  );
}
