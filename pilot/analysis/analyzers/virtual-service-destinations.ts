import type { VirtualService } from '../../api/resource.ts';
import type { Destination } from '../../api/virtual-service-schema.ts';
import { type RegisteredService, handlingOf } from '../../model/service.ts';
import { type Finding, advise, defineAnalyzer, listSome, nameOf } from '../analyzer.ts';
import { type PlacedDestination, destinationsOf, gatewaysOf } from '../destinations.ts';
import type { Facts } from '../facts.ts';

/** Where routes and mirrors lead: a route that leads nowhere answers 503, and its author should know why. */
export const virtualServiceDestinations = defineAnalyzer({
  name: 'virtualservice.destinations',
  description: 'Checks that host, subset and port of every destination exist',
  codes: ['CM0101', 'CM0102', 'CM0103', 'CM0404'],
  kinds: ['VirtualService'],
  analyze: function* (resource, facts) {
    for (const placed of destinationsOf(resource.spec)) {
      const { destination, path } = placed;
      const service = facts.service(destination.host);
      if (service === undefined) {
        yield* checkHost(path, destination.host, facts);
      } else {
        yield* checkPort(resource, placed, service, facts);
      }
      yield* checkSubset(path, destination, facts);
    }
  },
});

function* checkHost(path: string, host: string, facts: Facts): Iterable<Finding> {
  if (!facts.knowsServices) return;
  const otherwise = 'Start the service, declare it in a ServiceEntry, or correct the name';
  const advice = advise(host, facts.hostNames(host), otherwise);
  const message = `host "${host}" is no service of the mesh; callers get 503. ${advice}`;
  yield { code: 'CM0101', path: `${path}.host`, message };
}

function* checkSubset(
  path: string,
  { host, subset }: Destination,
  facts: Facts,
): Iterable<Finding> {
  // A host that does not exist is said already.
  if (subset === undefined || (facts.knowsServices && facts.service(host) === undefined)) return;
  const hostname = facts.resolve(host);
  const rules = facts.policiesFor(hostname);
  const names = rules.flatMap(({ spec }) => (spec.subsets ?? []).map(({ name }) => name));
  if (names.includes(subset)) return;
  const hidden = facts
    .policiesNaming(hostname)
    .find(({ spec }) => (spec.subsets ?? []).some(({ name }) => name === subset));
  const advice =
    hidden === undefined
      ? advise(subset, names, names.length === 0 ? adviseRule(host) : `It has ${listSome(names)}`)
      : `${nameOf(hidden)} has it, but an older rule for the host counts instead; write the subset there`;
  const owner =
    rules[0] === undefined
      ? `no DestinationRule for ${hostname}`
      : `${nameOf(rules[0])} for ${hostname}`;
  const lacks = rules[0] === undefined ? 'has' : 'does not have';
  const message = `${owner} ${lacks} subset "${subset}"; callers get 503. ${advice}`;
  yield { code: 'CM0102', path: `${path}.subset`, message };
}

function adviseRule(host: string): string {
  return `Apply a DestinationRule for ${host} with this subset`;
}

function* checkPort(
  resource: VirtualService,
  placed: PlacedDestination,
  service: RegisteredService,
  facts: Facts,
): Iterable<Finding> {
  const { path, destination } = placed;
  const numbers = service.ports.map(({ number }) => number);
  const wanted = destination.port?.number;
  if (wanted !== undefined) {
    if (numbers.includes(wanted)) return;
    const message = `${service.hostname} has no port ${wanted}, only ${listSome(numbers)}; callers get 503. Name one of these`;
    yield { code: 'CM0103', path: `${path}.port.number`, message };
    return;
  }
  if (numbers.length < 2) return;
  const lost = requestPorts(resource, placed, facts).filter((port) => !numbers.includes(port));
  const isGatewayOnly = !gatewaysOf(resource.spec).includes('mesh');
  if (lost.length === 0 && !isGatewayOnly) return;
  const cause = isGatewayOnly
    ? 'a gateway does not know which one is meant'
    : `calls to port ${listSome(lost)} get 503`;
  const message = `names no port, ${service.hostname} has ${listSome(numbers)}, and ${cause}. Write port.number`;
  yield { code: 'CM0404', path, message };
}

/** Ports on which requests for this rule come in from callers in the mesh, as far as they are known. */
function requestPorts(
  { spec }: VirtualService,
  { requestPorts: matched, protocol }: PlacedDestination,
  facts: Facts,
): readonly number[] {
  if (matched !== undefined) return matched;
  const handled = protocol === 'http' ? 'http' : 'tcp';
  const ports = (spec.hosts ?? []).flatMap((host) =>
    facts.servicesOf(host).flatMap((service) => service.ports),
  );
  const numbers = ports.filter((port) => handlingOf(port) === handled).map(({ number }) => number);
  return [...new Set(numbers)];
}
