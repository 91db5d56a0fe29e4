import { checkDestination, checkWeights } from './destination-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, invalid, required } from './field-error.ts';
import {
  checkGateways,
  checkLabels,
  checkNamespace,
  checkPort,
  checkSubnets,
  isIpAddress,
  isWildcardDomain,
} from './field-rules.ts';
import type { L4RouteDestination, TcpRoute, TlsRoute } from './virtual-service-schema.ts';

type TcpMatch = NonNullable<TcpRoute['match']>[number];

export function* checkTlsRoute(
  path: string,
  route: TlsRoute,
  hosts: readonly string[],
): Iterable<FieldError> {
  if (route.match.length === 0) yield required(`${path}.match`, 'write at least one match');
  for (const [index, match] of route.match.entries()) {
    const place = `${path}.match[${index}]`;
    if (match.sniHosts.length === 0) {
      yield required(`${place}.sniHosts`, 'write at least one server name');
    }
    for (const [at, sniHost] of match.sniHosts.entries()) {
      yield* checkSniHost(`${place}.sniHosts[${at}]`, sniHost, hosts);
    }
    yield* checkConditions(place, match);
  }
  yield* checkRoute(path, route.route);
}

export function* checkTcpRoute(path: string, route: TcpRoute): Iterable<FieldError> {
  for (const [index, match] of (route.match ?? []).entries()) {
    yield* checkConditions(`${path}.match[${index}]`, match);
  }
  yield* checkRoute(path, route.route);
}

function* checkSniHost(
  path: string,
  sniHost: string,
  hosts: readonly string[],
): Iterable<FieldError> {
  if (isIpAddress(sniHost)) {
    const detail = 'is an address, and few clients send one as the server name (RFC 6066 §3)';
    yield asWarning(invalid(path, sniHost, detail));
  } else if (!isWildcardDomain(sniHost)) {
    yield invalid(path, sniHost, 'must be a DNS name; only its first label may be *');
  } else if (!hosts.some((host) => covers(host, sniHost))) {
    yield invalid(path, sniHost, `must be one of spec.hosts or below one: ${hosts.join(', ')}`);
  }
}

/** Whether a host of a VirtualService, maybe with a wildcard, stands for `name` too. */
export function covers(host: string, name: string): boolean {
  if (host === name || host === '*') return true;
  return host.startsWith('*') && name.endsWith(host.slice(1));
}

function* checkConditions(path: string, match: TcpMatch): Iterable<FieldError> {
  yield* checkSubnets(`${path}.destinationSubnets`, match.destinationSubnets);
  yield* checkPort(`${path}.port`, match.port);
  yield* checkLabels(`${path}.sourceLabels`, match.sourceLabels);
  yield* checkGateways(`${path}.gateways`, match.gateways);
  yield* checkNamespace(`${path}.sourceNamespace`, match.sourceNamespace);
}

function* checkRoute(
  path: string,
  destinations: readonly L4RouteDestination[] | undefined,
): Iterable<FieldError> {
  if (destinations === undefined || destinations.length === 0) {
    yield required(`${path}.route`, 'write at least one destination');
    return;
  }
  yield* checkWeights(`${path}.route`, destinations);
  for (const [index, { destination }] of destinations.entries()) {
    yield* checkDestination(`${path}.route[${index}].destination`, destination);
  }
}
