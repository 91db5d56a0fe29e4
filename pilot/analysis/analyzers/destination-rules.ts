import type { Subset } from '../../api/destination-rule-schema.ts';
import type { DestinationRule } from '../../api/resource.ts';
import type { TrafficPolicy } from '../../api/traffic-policy.ts';
import { matchesLabels } from '../../model/proxy.ts';
import type { RegisteredService } from '../../model/service.ts';
import { type Finding, advise, defineAnalyzer, listSome, nameOf } from '../analyzer.ts';
import { destinationsOf } from '../destinations.ts';
import type { Facts } from '../facts.ts';

/** What a DestinationRule says of a service, against the service that there is. */
export const destinationRules = defineAnalyzer({
  name: 'destinationrule.services',
  description: 'Checks host, subsets and ports of DestinationRules against the services',
  codes: ['CM0109', 'CM0202', 'CM0401', 'CM0410'],
  kinds: ['DestinationRule'],
  analyze: function* (resource, facts) {
    const { spec } = resource;
    const services = facts.servicesOf(spec.host);
    if (services.length === 0 && facts.knowsServices) {
      const advice = advise(
        spec.host,
        facts.hostNames(spec.host),
        'Start the service, or correct the name',
      );
      const message = `"${spec.host}" is no service of the mesh, so this rule does nothing. ${advice}`;
      yield { code: 'CM0109', path: 'spec.host', message };
    }
    yield* checkDuplicate(resource, facts);
    for (const [index, subset] of (spec.subsets ?? []).entries()) {
      const path = `spec.subsets[${index}]`;
      yield* checkSubset(`${path}.labels`, subset, services, facts);
      yield* checkPorts(`${path}.trafficPolicy`, subset.trafficPolicy, services);
    }
    yield* checkPorts('spec.trafficPolicy', spec.trafficPolicy, services);
  },
});

function* checkDuplicate(resource: DestinationRule, facts: Facts): Iterable<Finding> {
  const { spec, key } = resource;
  // Each of them may be for the callers of other workloads.
  if (spec.workloadSelector !== undefined) return;
  const oldest = facts
    .policiesNaming(facts.resolve(spec.host))
    .find(
      (rule) => rule.key.namespace === key.namespace && rule.spec.workloadSelector === undefined,
    );
  if (oldest === undefined || oldest.key === key) return;
  const message = `${nameOf(oldest)} is older and for the same host; only that one counts, with its subsets. Write both into one DestinationRule`;
  yield { code: 'CM0202', path: 'spec.host', message };
}

/** Only for services whose members are known: those of other resolutions are nobody's to label. */
function* checkSubset(
  path: string,
  { name, labels = {} }: Subset,
  services: readonly RegisteredService[],
  facts: Facts,
): Iterable<Finding> {
  const members = services
    .filter(({ resolution }) => resolution !== 'none')
    .flatMap(({ endpoints }) => endpoints);
  if (members.length === 0) return;
  if (members.some((member) => matchesLabels(labels, member.labels))) return;
  const users = services.flatMap(({ hostname }) => usersOf(hostname, name, facts));
  const keys = Object.keys(labels);
  const present = [...new Set(members.flatMap((member) => pairs(member.labels, keys)))].sort();
  const wanted = pairs(labels, keys);
  const they =
    present.length === 0
      ? `no instance has the label ${listSome(keys)}`
      : `they have ${listSome(present)}`;
  const cause =
    users[0] === undefined ? '' : `, and ${users[0]} sends calls there: callers get 503`;
  const message = `no instance of ${listSome(services.map(({ hostname }) => hostname))} has ${listSome(wanted)} (${they})${cause}. Correct the labels of subset "${name}", or start that version`;
  yield {
    code: 'CM0401',
    path,
    message,
    ...(users.length === 0 ? {} : { severity: 'error' as const }),
  };
}

function pairs(
  labels: Readonly<Record<string, string>>,
  keys: readonly string[],
): readonly string[] {
  return keys.flatMap((key) => (labels[key] === undefined ? [] : [`${key}=${labels[key]}`]));
}

function usersOf(hostname: string, subset: string, facts: Facts): readonly string[] {
  return facts
    .routesTo(hostname)
    .filter(({ spec }) =>
      destinationsOf(spec).some(
        ({ destination }) =>
          destination.subset === subset && facts.resolve(destination.host) === hostname,
      ),
    )
    .map(nameOf);
}

function* checkPorts(
  path: string,
  policy: TrafficPolicy | undefined,
  services: readonly RegisteredService[],
): Iterable<Finding> {
  if (services.length === 0) return;
  const known = new Set(services.flatMap(({ ports }) => ports.map(({ number }) => number)));
  for (const [index, { port }] of (policy?.portLevelSettings ?? []).entries()) {
    if (port?.number === undefined || known.has(port.number)) continue;
    const message = `${listSome(services.map(({ hostname }) => hostname))} has no port ${port.number}, only ${listSome([...known])}, so these settings do nothing. Name one of these`;
    yield { code: 'CM0410', path: `${path}.portLevelSettings[${index}].port.number`, message };
  }
}
