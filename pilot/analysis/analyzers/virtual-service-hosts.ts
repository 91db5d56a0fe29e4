import type { VirtualService } from '../../api/resource.ts';
import { handlingOf } from '../../model/service.ts';
import { type Finding, advise, defineAnalyzer, listSome, nameOf } from '../analyzer.ts';
import { gatewayName, gatewaysOf } from '../destinations.ts';
import type { Facts } from '../facts.ts';
import { matchesOf } from '../matches.ts';

/** The hosts that the rules of a VirtualService are for, as callers in the mesh meet them. */
export const virtualServiceHosts = defineAnalyzer({
  name: 'virtualservice.hosts',
  description: 'Checks that the rules of a VirtualService are met by calls in the mesh',
  codes: ['CM0111', 'CM0201', 'CM0303', 'CM0402', 'CM0403'],
  kinds: ['VirtualService'],
  analyze: function* (resource, facts) {
    if (gatewaysOf(resource.spec).includes('mesh')) {
      for (const [index, host] of (resource.spec.hosts ?? []).entries()) {
        yield* checkHost(`spec.hosts[${index}]`, host, resource, facts);
      }
      yield* checkProtocols(resource, facts);
    }
    yield* checkMatchPorts(resource, facts);
  },
});

function* checkHost(
  path: string,
  host: string,
  resource: VirtualService,
  facts: Facts,
): Iterable<Finding> {
  const known = facts.servicesOf(host).length > 0;
  if (facts.knowsServices && !known) {
    const advice = advise(host, facts.hostNames(host), 'Start the service, or correct the name');
    const message = `"${host}" is no service of the mesh, so these rules do nothing. ${advice}`;
    yield { code: 'CM0111', path, message };
    return;
  }
  const list = (['http', 'tls'] as const).find((name) => (resource.spec[name] ?? []).length > 0);
  if (list === undefined) return;
  const [oldest] = facts
    .rulesFor(facts.resolve(host))
    .filter(({ spec }) => (spec[list] ?? []).length > 0);
  if (oldest === undefined || oldest.key === resource.key) return;
  const message = `${nameOf(oldest)} is older and has ${list} rules for ${host} too; only those count. Write all rules for the host into one VirtualService`;
  yield { code: 'CM0201', path, message };
}

/** Rules of one kind only, for hosts whose ports are all of the other. */
function* checkProtocols({ spec }: VirtualService, facts: Facts): Iterable<Finding> {
  const lists = (['http', 'tls', 'tcp'] as const).filter((name) => (spec[name] ?? []).length > 0);
  const services = (spec.hosts ?? []).map((host) => facts.servicesOf(host));
  if (lists.length !== 1 || services.length === 0) return;
  if (services.some((found) => found.length === 0)) return;
  const ports = services.flat().flatMap((service) => service.ports);
  const handled = new Set(ports.map((port) => handlingOf(port)));
  const shown = listSome(
    ports.map(({ number, protocol }) => `${number} (${protocol ?? 'not declared'})`),
  );
  if (lists[0] === 'http' && !handled.has('http')) {
    const message = `every port of the hosts is declared as a byte stream: ${shown}. Write tcp rules, or correct the protocol of the port`;
    yield { code: 'CM0402', path: 'spec.http', message };
  } else if (lists[0] === 'tcp' && !handled.has('tcp')) {
    const message = `every port of the hosts is handled as HTTP: ${shown}. Write http rules, or declare the port as tcp`;
    yield { code: 'CM0403', path: 'spec.tcp', message };
  }
}

function* checkMatchPorts({ spec, key }: VirtualService, facts: Facts): Iterable<Finding> {
  const ports = knownPorts({ spec, key }, facts);
  if (ports === undefined) return;
  for (const { path, match } of matchesOf(spec)) {
    const { port } = match;
    if (port === undefined || ports.has(port)) continue;
    const message = `no request comes to port ${port}: the hosts have ${listSome([...ports])}. Name one of these`;
    yield { code: 'CM0303', path: `${path}.port`, message };
  }
}

/** Ports on which requests for the VirtualService come in; undefined when some are not known. */
function knownPorts(
  { spec, key }: Pick<VirtualService, 'spec' | 'key'>,
  facts: Facts,
): ReadonlySet<number> | undefined {
  const { hosts = [] } = spec;
  if (hosts.length === 0) return undefined;
  const found = gatewaysOf(spec).map((gateway) =>
    gateway === 'mesh'
      ? portsOfHosts(hosts, facts)
      : portsOfGateway(gatewayName(gateway, key.namespace), facts),
  );
  return found.includes(undefined) ? undefined : new Set(found.flatMap((ports) => ports ?? []));
}

function portsOfHosts(hosts: readonly string[], facts: Facts): readonly number[] | undefined {
  const found = hosts.map((host) => facts.servicesOf(host));
  if (found.some((services) => services.length === 0)) return undefined;
  return found.flat().flatMap(({ ports }) => ports.map(({ number }) => number));
}

function portsOfGateway(name: string, facts: Facts): readonly number[] | undefined {
  const [namespace = '', own = ''] = name.split('/');
  return facts.find('Gateway', namespace, own)?.spec.servers?.map(({ port }) => port.number);
}
