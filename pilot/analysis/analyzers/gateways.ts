import type { GatewayServer } from '../../api/gateway-schema.ts';
import type { Gateway } from '../../api/resource.ts';
import { matchesLabels } from '../../model/proxy.ts';
import { type Finding, defineAnalyzer, nameOf } from '../analyzer.ts';
import { rootNamespace } from '../../api/namespace.ts';
import type { Facts, Labels } from '../facts.ts';
import { spokenAt } from '../gateway-server.ts';

/** Servers of Gateways that stand in each other's way. */
export const gateways = defineAnalyzer({
  name: 'gateway.conflicts',
  description: 'Finds Gateways whose servers share a port and contradict each other',
  codes: ['CM0203', 'CM0204', 'CM0406'],
  kinds: ['Gateway'],
  analyze: function* (resource, facts) {
    for (const [index, server] of (resource.spec.servers ?? []).entries()) {
      const path = `spec.servers[${index}]`;
      yield* checkPort(`${path}.port.protocol`, server);
      yield* checkOthers(path, index, resource, facts);
    }
  },
});

function* checkPort(path: string, server: GatewayServer): Iterable<Finding> {
  const { number, protocol } = server.port;
  const isUnusual =
    (number === 443 && spokenAt(server) === 'HTTP') ||
    (number === 80 && spokenAt(server) === 'TLS');
  if (!isUnusual) return;
  const usual = number === 443 ? 'HTTPS' : 'HTTP';
  const message = `callers expect ${usual} on port ${number}, this server speaks ${protocol}. Correct the port or the protocol`;
  yield { code: 'CM0406', path, message };
}

interface Placed {
  readonly gateway: Gateway;
  readonly server: GatewayServer;
}

function* checkOthers(
  path: string,
  index: number,
  resource: Gateway,
  facts: Facts,
): Iterable<Finding> {
  const server = resource.spec.servers?.[index];
  if (server === undefined) return;
  const others = earlierServers(resource, index, server, facts);
  const foreign = others.find((other) => spokenAt(other.server) !== spokenAt(server));
  if (foreign !== undefined) {
    const message = `${nameOf(foreign.gateway)} speaks ${foreign.server.port.protocol} on port ${server.port.number} of the same proxies, this server ${server.port.protocol}. Use another port, or the same protocol`;
    yield { code: 'CM0204', path: `${path}.port`, message };
    return;
  }
  const claimed = server.hosts.map((host) => fullHost(host, resource));
  const rival = others.find(
    ({ gateway, server: other }) =>
      gateway !== resource && other.hosts.some((host) => claimed.includes(fullHost(host, gateway))),
  );
  if (rival === undefined) return;
  const message = `${nameOf(rival.gateway)} takes the same hosts on port ${server.port.number} of the same proxies. Give each host to one Gateway, or use another port`;
  yield { code: 'CM0203', path: `${path}.hosts`, message };
}

/** Servers on the same port of the same proxies that came first. */
function earlierServers(
  resource: Gateway,
  index: number,
  server: GatewayServer,
  facts: Facts,
): readonly Placed[] {
  const all = facts.gatewaysOn(server.port.number);
  const position = all.findIndex(({ key }) => key === resource.key);
  const before = all
    .slice(0, Math.max(0, position))
    .filter((gateway) => sharesProxy(gateway, resource, facts));
  const own = (resource.spec.servers ?? []).slice(0, index);
  return [
    ...before.flatMap((gateway) =>
      (gateway.spec.servers ?? []).map((other) => ({ gateway, server: other })),
    ),
    ...own.map((other) => ({ gateway: resource, server: other })),
  ].filter(
    ({ server: other }) =>
      other.port.number === server.port.number && (other.bind ?? '') === (server.bind ?? ''),
  );
}

/** Whether both are for the same proxies: by the same words, or because some workload has the labels of both. */
function sharesProxy(left: Gateway, right: Gateway, facts: Facts): boolean {
  const [one, other] = [left.spec.selector ?? {}, right.spec.selector ?? {}];
  if (sameLabels(one, other)) return true;
  const both = { ...one, ...other };
  const agree = Object.entries(one).every(
    ([name]) => other[name] === undefined || other[name] === one[name],
  );
  return agree && facts.workloads(rootNamespace).some(({ labels }) => matchesLabels(both, labels));
}

function sameLabels(left: Labels, right: Labels): boolean {
  return matchesLabels(left, right) && matchesLabels(right, left);
}

function fullHost(host: string, { key }: Gateway): string {
  return host.replace(/^\.\//, `${key.namespace}/`).replace(/^\*\//, '');
}
