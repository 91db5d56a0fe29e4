import type { GatewayServer } from '../../api/gateway-schema.ts';
import type { Gateway, VirtualService } from '../../api/resource.ts';
import { coversHostname } from '../../model/hostname.ts';
import { type Finding, advise, defineAnalyzer, listSome, nameOf } from '../analyzer.ts';
import { destinationsOf, gatewayName, gatewaysOf } from '../destinations.ts';
import type { Facts } from '../facts.ts';
import { matchesOf } from '../matches.ts';
import { takenAt } from '../gateway-server.ts';

/** The Gateways that a VirtualService is for. */
export const virtualServiceGateways = defineAnalyzer({
  name: 'virtualservice.gateways',
  description: 'Checks the Gateways that a VirtualService names, and what they take',
  codes: ['CM0104', 'CM0112', 'CM0305', 'CM0307', 'CM0405'],
  kinds: ['VirtualService'],
  analyze: function* (resource, facts) {
    const { spec, key } = resource;
    for (const [index, reference] of (spec.gateways ?? []).entries()) {
      if (reference === 'mesh') continue;
      const path = `spec.gateways[${index}]`;
      const [namespace = '', name = ''] = gatewayName(reference, key.namespace).split('/');
      const gateway = facts.find('Gateway', namespace, name);
      if (gateway === undefined) yield missing(path, reference, namespace, facts);
      else yield* checkGateway(path, gateway, resource);
    }
    yield* checkMatches(resource);
    yield* checkSubsetRules(resource, facts);
  },
});

function missing(path: string, reference: string, namespace: string, facts: Facts): Finding {
  const gateways = facts.all('Gateway');
  const elsewhere = gateways.find(({ key }) => key.name === reference);
  const names = gateways.map(({ key }) =>
    key.namespace === namespace && !reference.includes('/')
      ? key.name
      : `${key.namespace}/${key.name}`,
  );
  const advice =
    elsewhere === undefined
      ? advise(reference, names, 'Create the Gateway, or correct the name')
      : `Did you mean "${elsewhere.key.namespace}/${elsewhere.key.name}"?`;
  const message = `there is no Gateway "${reference}" in namespace ${namespace}. ${advice}`;
  return { code: 'CM0104', path, message };
}

function* checkGateway(
  path: string,
  gateway: Gateway,
  { spec, key }: VirtualService,
): Iterable<Finding> {
  const servers = gateway.spec.servers ?? [];
  const hosts = spec.hosts ?? [];
  const offered = servers.flatMap((server) => hostsFor(server, gateway, key.namespace));
  const isTaken = hosts.some((host) => offered.some((other) => overlaps(host, other)));
  if (hosts.length > 0 && !isTaken) {
    const message = `${nameOf(gateway)} takes none of the hosts ${listSome(hosts)}, only ${listSome(servers.flatMap((server) => server.hosts))}. Add the host to a server of it`;
    yield { code: 'CM0112', path, message };
  }
  const taken = new Set(servers.map(takenAt));
  const lists = (['http', 'tls', 'tcp'] as const).filter((name) => (spec[name] ?? []).length > 0);
  if (lists.length > 0 && servers.length > 0 && !lists.some((list) => taken.has(list))) {
    const message = `${nameOf(gateway)} takes rules of ${listSome([...taken])} only, these are ${listSome(lists)}. Write them there, or change the protocol of the Gateway's server`;
    yield { code: 'CM0405', path, message };
  }
}

/** The hosts of a server that VirtualServices of a namespace may take: NAMESPACE/NAME limits it. */
function hostsFor(server: GatewayServer, gateway: Gateway, namespace: string): readonly string[] {
  return server.hosts.flatMap((host) => {
    const [first = '', second] = host.split('/');
    if (second === undefined) return [first];
    const allowed = first === '.' ? gateway.key.namespace : first;
    return allowed === '*' || allowed === namespace ? [second] : [];
  });
}

function overlaps(left: string, right: string): boolean {
  return coversHostname(left, right) || coversHostname(right, left);
}

/** Matches can only choose among the gateways of the VirtualService. */
function* checkMatches({ spec, key }: VirtualService): Iterable<Finding> {
  if ((spec.hosts ?? []).length === 0) return;
  const full = (name: string): string =>
    name === 'mesh' ? name : gatewayName(name, key.namespace);
  const listed = gatewaysOf(spec).map(full);
  for (const { path, match } of matchesOf(spec)) {
    const { gateways = [] } = match;
    const stranger = gateways.findIndex((name) => !listed.includes(full(name)));
    if (stranger === -1) continue;
    const message = `"${gateways[stranger] ?? ''}" is not among the gateways of this VirtualService (${listSome(gatewaysOf(spec))}). Add it to spec.gateways`;
    yield { code: 'CM0307', path: `${path}.gateways[${stranger}]`, message };
  }
}

/** Rules that choose subsets for the sidecars are not for calls that come from a Gateway. */
function* checkSubsetRules(resource: VirtualService, facts: Facts): Iterable<Finding> {
  const own = gatewaysOf(resource.spec).filter((name) => name !== 'mesh');
  if (own.length === 0) return;
  for (const { path, destination } of destinationsOf(resource.spec)) {
    if (destination.subset !== undefined) continue;
    const hostname = facts.resolve(destination.host);
    const other = facts
      .rulesFor(hostname)
      .find((rule) => rule.key !== resource.key && choosesSubset(rule, hostname, facts));
    if (other === undefined || gatewaysOf(other.spec).some((name) => name !== 'mesh')) continue;
    const message = `${nameOf(other)} chooses the subsets of ${destination.host} for sidecars only: calls from gateway ${own[0] ?? ''} go to all of them. Name a subset here, or add the gateway there`;
    yield { code: 'CM0305', path, message };
  }
}

function choosesSubset({ spec }: VirtualService, hostname: string, facts: Facts): boolean {
  return destinationsOf(spec).some(
    ({ destination }) =>
      destination.subset !== undefined && facts.resolve(destination.host) === hostname,
  );
}
