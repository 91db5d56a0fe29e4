/**
 * The configuration of programs whose gRPC library speaks xDS itself (Istio's proxyless gRPC): the same services and
 * rules, with only what such a client accepts. It refuses a whole resource for one thing it does not know, so what it
 * cannot do is left out here (gRPC proposals A27, A28, A31, A33, A42, A44).
 */
import { type Cluster, type LoadBalancer, unixPrefix } from '../ir/cluster.ts';
import type { ClusterMember, EndpointSet } from '../ir/endpoint.ts';
import type { ApiListener } from '../ir/listener.ts';
import { apiListenerName, blackHoleCluster, serviceRoutes } from '../ir/names.ts';
import type {
  ForwardAction,
  HeaderMatch,
  RetryPolicy,
  Route,
  RouteTable,
  VirtualHost,
} from '../ir/route.ts';
import { namesOf } from '../model/hostname.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import { type Service, type ServicePort, handlingOf } from '../model/service.ts';
import type { Destinations } from './destinations.ts';
import { forwardTo } from './route-action.ts';
import { type HostInputs, findRule, httpRules, translateService } from './routes.ts';

/** One for each name and port under which a service may be called; port 80 may be left out. */
export function translateApiListeners(
  mesh: Pick<Mesh, 'services'>,
  view: View,
): readonly ApiListener[] {
  const listeners = callablePorts(mesh).flatMap(([service, { number }]) =>
    namesOf(service.hostname, view.domain)
      .flatMap((host) => namesToCall(host, number))
      .map((name): ApiListener => ({
        kind: 'api',
        name,
        routes: serviceRoutes(service.hostname, number),
      })),
  );
  // Of two services with one name the first has it.
  return [...new Map(listeners.toReversed().map((one) => [one.name, one])).values()].toReversed();
}

function namesToCall(host: string, port: number): readonly string[] {
  const withPort = apiListenerName(host, port);
  return port === 80 ? [host, withPort] : [withPort];
}

/** A table for each port of each service: a client asks for the one of the name it calls. */
export function translateServiceRoutes(
  mesh: Mesh,
  view: View,
  destinations: Destinations,
  translateHost = translateGrpcHost,
): readonly RouteTable[] {
  const rules = httpRules(mesh);
  return callablePorts(mesh).map(([service, { number: port }]) => {
    const rule = findRule(rules, service.hostname);
    const host = translateHost({ service, domains: ['*'], rule, port, view, destinations });
    return { name: serviceRoutes(service.hostname, port), virtualHosts: [host] };
  });
}

/** The virtual host of one port of a service, with the routes that a gRPC client can follow. */
export function translateGrpcHost(inputs: HostInputs): VirtualHost {
  const host = translateService(inputs);
  return { ...host, routes: host.routes.flatMap(toGrpcRoute) };
}

function callablePorts(
  mesh: Pick<Mesh, 'services'>,
): readonly (readonly [service: Service, port: ServicePort])[] {
  return [...mesh.services.values()].flatMap((service) =>
    service.ports
      .filter((port) => handlingOf(port) === 'http')
      .map((port) => [service, port] as const),
  );
}

/** The route as a gRPC client can follow it; nothing when no call of such a client meets its conditions. */
function toGrpcRoute(route: Route): readonly Route[] {
  const { match, action } = route;
  const headers = match.headers.filter(({ name }) => name !== ':method');
  const undecidable = headers.some(({ name }) => name.startsWith(':')) || match.query.length > 0;
  if (undecidable || !match.headers.every(allowsPost)) return [];
  return [
    {
      ...without(route, 'cors'),
      match: { ...match, headers },
      action: action.kind === 'forward' ? toGrpcAction(action) : noAnswer,
    },
  ];
}

/** Every gRPC call is a POST, and no client looks at the method. */
function allowsPost({ name, value, invert }: HeaderMatch): boolean {
  if (name !== ':method') return true;
  return matchesPost(value) !== invert;
}

function matchesPost(value: HeaderMatch['value']): boolean {
  switch (value.kind) {
    case 'present':
      return true;
    case 'exact':
      return value.value === 'POST';
    case 'prefix':
      return 'POST'.startsWith(value.value);
    case 'regex':
      // The forms that people write; regular expressions of RE2 are not run here.
      return value.value.split('|').some((word) => word === 'POST' || word === '.*');
  }
}

/** Redirects and ready answers mean nothing to gRPC: the call is UNAVAILABLE, and goes nowhere else. */
const noAnswer = forwardTo(blackHoleCluster);

/** A client goes by the limit on the whole call (gRPC A31). */
function toGrpcAction(action: ForwardAction): ForwardAction {
  return {
    ...without(action, 'ownRetry'),
    mirrors: [],
    rewrite: {},
    ...(action.retry === undefined ? {} : { retry: toGrpcRetry(action.retry) }),
    ...(action.timeoutMs > 0 ? { maxDurationMs: action.timeoutMs } : {}),
  };
}

/** grpc-js counts in milliseconds of 32 bits, and the pauses grow to ten times the first one: two days. */
const longestBackoffMs = 2 * 24 * 60 * 60 * 1000;

function toGrpcRetry(retry: RetryPolicy): RetryPolicy {
  if (retry.backoffMs === undefined) return retry;
  return { ...retry, backoffMs: Math.min(retry.backoffMs, longestBackoffMs) };
}

/** The cluster as a gRPC client can call it; one whose members it cannot find has none. */
export function toGrpcCluster(cluster: Cluster): Cluster {
  return {
    // A client does not count errors in a row.
    ...without(cluster, 'outlierDetection'),
    discovery: toGrpcDiscovery(cluster.discovery),
    loadBalancer: toGrpcLoadBalancer(cluster.loadBalancer),
  };
}

/** Names are resolved one at a time (LOGICAL_DNS); everything else comes from pilot. */
function toGrpcDiscovery(discovery: Cluster['discovery']): Cluster['discovery'] {
  const [host, ...others] = discovery.kind === 'dns' ? discovery.hosts : [];
  return host !== undefined && others.length === 0
    ? { kind: 'dns', hosts: [host], logical: true }
    : { kind: 'eds' };
}

function toGrpcLoadBalancer(loadBalancer: LoadBalancer): LoadBalancer {
  const byHash = loadBalancer.kind === 'ring-hash' || loadBalancer.kind === 'maglev';
  if (!byHash) return { kind: 'round-robin' };
  return loadBalancer.kind === 'ring-hash' ? loadBalancer : { kind: 'ring-hash' };
}

/** Each member once and no Unix sockets, and an empty locality where a member has none (gRPC A27). */
export function toGrpcEndpoints({ cluster, localities }: EndpointSet): EndpointSet {
  const seen = new Set<string>();
  const isNew = ({ address, port }: ClusterMember): boolean => {
    const before = seen.size;
    return seen.add(`${address}:${port}`).size > before;
  };
  return {
    cluster,
    localities: localities
      .map(({ locality = '', endpoints }) => ({
        locality,
        endpoints: endpoints.filter(isNew).filter(({ address }) => !address.startsWith(unixPrefix)),
      }))
      .filter(({ endpoints }) => endpoints.length > 0),
  };
}

function without<T extends object, Key extends keyof T & string>(
  value: T,
  ...keys: readonly Key[]
): Omit<T, Key> {
  const left: ReadonlySet<string> = new Set(keys);
  return Object.fromEntries(Object.entries(value).filter(([name]) => !left.has(name))) as Omit<
    T,
    Key
  >;
}
