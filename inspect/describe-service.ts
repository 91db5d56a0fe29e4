import type { DestinationRuleSpec } from '../pilot/api/destination-rule-schema.ts';
import type { VirtualServiceSpec } from '../pilot/api/virtual-service-schema.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import type { Rule } from '../pilot/model/mesh.ts';
import { type Endpoint, type Service, handlingOf } from '../pilot/model/service.ts';
import type {
  DescribedDestinationRule,
  DescribedEndpoint,
  DescribedPort,
  DescribedRule,
  DescribedService,
} from './description.ts';
import { isDestinationRule } from './mesh-view.ts';
import {
  type MeshFacts,
  callNames,
  isSelected,
  nameOfRule,
  originOfProtocol,
} from './mesh-facts.ts';
import { describeActions, describeMatches, sharesOf } from './rule-words.ts';

/** What a mesh does with calls to a service. */
export function describeService(service: Service, facts: MeshFacts): DescribedService {
  const { hostname, namespace, address, resolution, ports } = service;
  const { destinationRules, virtualServices } = rulesFor(hostname, facts);
  const [rule, ...shadowed] = destinationRules;
  const endpoints = facts.endpoints[hostname] ?? [];
  const own = new Set([...destinationRules, ...virtualServices].map(nameOfRule));
  return {
    hostname,
    namespace,
    names: callNames(service),
    address,
    resolution,
    ports: ports.map((port) => describePort(service, port, facts)),
    workloads: endpoints.map((endpoint) => describeEndpoint(endpoint, rule, facts)),
    ...(rule === undefined
      ? {}
      : { destinationRule: describeDestinationRule(rule, endpoints, shadowed.map(nameOfRule)) }),
    rules: virtualServices.flatMap(describeVirtualService),
    ingress: ingressOf(hostname, facts),
    problems: facts.problems.filter(
      ({ resource }) => own.has(resource) || resource.includes(hostname),
    ),
  };
}

interface RulesFor {
  /** In order of precedence. */
  readonly destinationRules: readonly Rule<DestinationRuleSpec>[];
  readonly virtualServices: readonly Rule<VirtualServiceSpec>[];
}

/** The rules about a host. */
export function rulesFor(hostname: string, { rules }: MeshFacts): RulesFor {
  const concerned = rules.filter(({ hosts }) =>
    hosts.some(
      (host) => host === hostname || (host.startsWith('*') && hostname.endsWith(host.slice(1))),
    ),
  );
  return {
    destinationRules: concerned.filter(isDestinationRule),
    virtualServices: concerned.filter(
      (rule): rule is Rule<VirtualServiceSpec> => !isDestinationRule(rule),
    ),
  };
}

function describePort(
  service: Service,
  port: Service['ports'][number],
  facts: MeshFacts,
): DescribedPort {
  const { number, name, protocol } = port;
  return {
    number,
    name,
    ...(protocol === undefined ? {} : { protocol }),
    from: originOfProtocol(service, port, facts),
    handling: handlingOf(port),
  };
}

function describeEndpoint(
  { address, port, labels }: Endpoint,
  rule: Rule<DestinationRuleSpec> | undefined,
  { proxies }: MeshFacts,
): DescribedEndpoint {
  const proxy = findProxyAt(address, labels, proxies);
  return {
    ...(proxy === undefined ? {} : { proxy: proxy.proxy, synced: proxy.synced }),
    address,
    port,
    labels,
    subsets: subsetsOf(rule, labels),
  };
}

/** On a laptop without addresses of their own, workloads that share one differ in their labels. */
export function findProxyAt(
  address: string,
  labels: Readonly<Record<string, string>>,
  proxies: readonly ProxySync[],
): ProxySync | undefined {
  const there = proxies.filter((proxy) => proxy.address === address);
  if (there.length < 2) return there[0];
  const { app = '', version = '' } = labels;
  return there.find((proxy) => isSelected(proxy.labels, { app, version }));
}

/** The names of the subsets that an instance is in. */
export function subsetsOf(
  rule: Rule<DestinationRuleSpec> | undefined,
  labels: Readonly<Record<string, string>>,
): readonly string[] {
  const { subsets = [] } = rule?.spec ?? {};
  return subsets.filter((subset) => isSelected(labels, subset.labels)).map(({ name }) => name);
}

function describeDestinationRule(
  rule: Rule<DestinationRuleSpec>,
  endpoints: readonly Endpoint[],
  shadowed: readonly string[],
): DescribedDestinationRule {
  const { trafficPolicy = {}, subsets = [] } = rule.spec;
  return {
    resource: nameOfRule(rule),
    policy: Object.keys(trafficPolicy),
    subsets: subsets.map((subset) => ({
      name: subset.name,
      labels: subset.labels ?? {},
      policy: Object.keys(subset.trafficPolicy ?? {}),
      endpoints: endpoints
        .filter(({ labels }) => isSelected(labels, subset.labels))
        .map(({ address, port }) => `${address}:${port}`),
    })),
    shadowed,
  };
}

/** The routes of a rule in the order in which they are tried. */
export function describeVirtualService(rule: Rule<VirtualServiceSpec>): readonly DescribedRule[] {
  const { http = [], tcp = [], tls = [] } = rule.spec;
  const resource = nameOfRule(rule);
  return [
    ...http.map((route, index) => ({
      resource,
      path: `spec.http[${index}]`,
      ...(route.name === undefined ? {} : { name: route.name }),
      matches: describeMatches(route),
      shares: sharesOf(route.route ?? []),
      actions: describeActions(route),
    })),
    ...[...tls.entries()].map(([index, route]) =>
      streamRule(resource, `spec.tls[${index}]`, route),
    ),
    ...[...tcp.entries()].map(([index, route]) =>
      streamRule(resource, `spec.tcp[${index}]`, route),
    ),
  ];
}

type StreamRoute =
  NonNullable<VirtualServiceSpec['tcp']>[number] | NonNullable<VirtualServiceSpec['tls']>[number];

function streamRule(resource: string, path: string, route: StreamRoute): DescribedRule {
  const matches = (route.match ?? []).map((match) =>
    Object.entries(match)
      .map(
        ([field, value]) =>
          `${field} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
      )
      .join(' and '),
  );
  return {
    resource,
    path,
    matches: matches.includes('') ? [] : matches,
    shares: sharesOf(route.route ?? []),
    actions: [],
  };
}

/** Where an embedded mesh lets callers in. */
function ingressOf(hostname: string, { local }: MeshFacts): readonly string[] {
  return (local?.ingress ?? [])
    .filter(({ service }) => hostname.startsWith(`${service}.`))
    .map(({ url }) => url);
}
