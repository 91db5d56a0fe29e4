import type { ConfigResource, VirtualService } from '../api/resource.ts';
import { destinationsOf, gatewayName, gatewaysOf } from './destinations.ts';
import { hostKey } from './host-key.ts';

/**
 * What a finding can depend on. A resource speaks to some topics; the analysis of another one reads some, and is
 * done anew when one of these has changed.
 */
export const topics = {
  /** The object of this name. */
  object: (kind: string, namespace: string, name: string) => `object ${kind} ${namespace}/${name}`,
  /** The objects of a kind. */
  kind: (kind: string) => `kind ${kind}`,
  /** The objects of a kind in a namespace. */
  kindIn: (kind: string, namespace: string) => `kind ${kind} ${namespace}`,
  /** Whether anything is in a namespace. */
  namespace: (namespace: string) => `namespace ${namespace}`,
  /** The service that a host name means. */
  service: (key: string) => `service ${key}`,
  /** The names of all services. */
  hosts: 'hosts',
  /** VirtualServices for a host in the mesh. */
  rules: (key: string) => `rules ${key}`,
  /** VirtualServices that send something to a host. */
  routesTo: (key: string) => `routes to ${key}`,
  /** VirtualServices that lend rules from another. */
  delegatesTo: (name: string) => `delegates to ${name}`,
  /** DestinationRules for a host or a wildcard. */
  policy: (key: string) => `policy ${key}`,
  /** Gateways that listen on a port. */
  gatewayPort: (number: number) => `gateway port ${number}`,
  /** Workloads of a namespace and their labels. */
  workloads: (namespace: string) => `workloads ${namespace}`,
  /** Workloads of all namespaces. */
  allWorkloads: 'workloads',
} as const;

/** The topics that a resource speaks to. */
export function topicsOf(resource: ConfigResource, domain: string): readonly string[] {
  const { kind, key } = resource;
  const { namespace, name } = key;
  return [
    topics.object(kind, namespace, name),
    topics.kind(kind),
    topics.kindIn(kind, namespace),
    topics.namespace(kind === 'Namespace' ? name : namespace),
    ...ownTopics(resource, domain),
  ];
}

function ownTopics(resource: ConfigResource, domain: string): readonly string[] {
  const { kind, key, spec } = resource;
  const workloads = [topics.workloads(key.namespace), topics.allWorkloads];
  if (kind === 'VirtualService') return virtualServiceTopics(resource, domain);
  if (kind === 'DestinationRule') return [topics.policy(hostKey(spec.host, domain))];
  if (kind === 'ServiceEntry') {
    const hosts = spec.hosts.map((host) => topics.service(hostKey(host, domain)));
    return [topics.hosts, ...workloads, ...hosts];
  }
  if (kind === 'WorkloadEntry') return workloads;
  if (kind !== 'Gateway') return [];
  return (spec.servers ?? []).map(({ port }) => topics.gatewayPort(port.number));
}

function virtualServiceTopics({ spec, key }: VirtualService, domain: string): readonly string[] {
  const hosts = gatewaysOf(spec).includes('mesh') ? (spec.hosts ?? []) : [];
  return [
    ...hosts.map((host) => topics.rules(hostKey(host, domain))),
    ...destinationsOf(spec).map(({ destination }) =>
      topics.routesTo(hostKey(destination.host, domain)),
    ),
    ...(spec.http ?? []).flatMap(({ delegate }) =>
      delegate?.name === undefined
        ? []
        : [topics.delegatesTo(gatewayName(delegate.name, delegate.namespace ?? key.namespace))],
    ),
  ];
}
