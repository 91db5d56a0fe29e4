import type { Cluster, Discovery, HostPort } from '../ir/cluster.ts';
import type { EndpointSet, LocalityEndpoints } from '../ir/endpoint.ts';
import {
  blackHoleCluster,
  outboundCluster,
  passthroughCluster,
  tracingCluster,
} from '../ir/names.ts';
import type { Mesh } from '../model/mesh.ts';
import { matchesLabels } from '../model/proxy.ts';
import type { Endpoint, Service, ServicePort } from '../model/service.ts';
import type { MeshOptions, TracingOptions } from './options.ts';
import type { Policies } from './policies.ts';
import { translatePolicy } from './traffic-policy.ts';

/** The clusters for all services: one for each port, and one for each port of each subset. */
export function translateOutboundClusters(
  mesh: Mesh,
  policies: Policies,
  options: MeshOptions,
): readonly Cluster[] {
  const clusters = [...mesh.services.values()].flatMap((service) =>
    subsetsOf(service, policies).flatMap((subset) =>
      service.ports.map((port) => translateCluster({ mesh, policies, service, port, subset })),
    ),
  );
  return [...clusters, ...meshClusters(options)];
}

interface Subset {
  readonly name?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The whole service, then its subsets. */
function subsetsOf(service: Service, policies: Policies): readonly Subset[] {
  const subsets = policies.subsets(service.hostname);
  return [{ labels: {} }, ...subsets.map(({ name, labels }) => ({ name, labels: labels ?? {} }))];
}

interface ClusterInputs {
  readonly mesh: Mesh;
  readonly policies: Policies;
  readonly service: Service;
  readonly port: ServicePort;
  readonly subset: Subset;
}

function translateCluster({ mesh, policies, service, port, subset }: ClusterInputs): Cluster {
  const settings = translatePolicy(
    policies.policy(service.hostname, port.number, subset.name),
    port,
  );
  const discovery =
    // PASSTHROUGH: to where the caller was going, however the service's members are found (as in Istio).
    settings.loadBalancer.kind === 'provided'
      ? ({ kind: 'original-dst' } as const)
      : discoveryOf(service, () => membersOf(mesh, service, port, subset));
  return {
    name: outboundCluster(service.hostname, port.number, subset.name),
    discovery,
    ...settings,
    ...(discovery.kind === 'original-dst' ? { loadBalancer: { kind: 'provided' } as const } : {}),
  };
}

function discoveryOf(service: Service, members: () => readonly Endpoint[]): Discovery {
  switch (service.resolution) {
    case 'static':
      return { kind: 'eds' };
    case 'dns':
      return { kind: 'dns', hosts: members().map(toHost), logical: false };
    case 'dns-round-robin': {
      const hosts = members().slice(0, 1).map(toHost);
      // Envoy wants exactly one member of such a cluster; a subset may have none.
      return { kind: 'dns', hosts, logical: hosts.length > 0 };
    }
    case 'none':
      return { kind: 'original-dst' };
  }
}

function toHost({ address, port, weight }: Endpoint): HostPort {
  return { address, port, ...(weight === undefined ? {} : { weight }) };
}

function membersOf(
  mesh: Mesh,
  service: Service,
  port: ServicePort,
  subset: Subset,
): readonly Endpoint[] {
  const members = (mesh.endpoints.get(service.hostname) ?? []).filter(
    (endpoint) =>
      endpoint.down !== true &&
      endpoint.servicePort === port.number &&
      matchesLabels(subset.labels, endpoint.labels),
  );
  return fitWeights(members);
}

/** The members of every cluster of one service that gets them from pilot. */
export function translateEndpoints(
  mesh: Mesh,
  policies: Policies,
  service: Service,
): readonly EndpointSet[] {
  return subsetsOf(service, policies).flatMap((subset) =>
    service.ports.flatMap((port) => {
      const policy = policies.policy(service.hostname, port.number, subset.name);
      if (service.resolution !== 'static' || policy.loadBalancer?.simple === 'PASSTHROUGH') {
        return [];
      }
      return {
        cluster: outboundCluster(service.hostname, port.number, subset.name),
        localities: groupByLocality(membersOf(mesh, service, port, subset)),
      };
    }),
  );
}

function groupByLocality(members: readonly Endpoint[]): readonly LocalityEndpoints[] {
  const groups = new Map<string, Endpoint[]>();
  for (const member of members) {
    const locality = member.locality ?? '';
    groups.set(locality, [...(groups.get(locality) ?? []), member]);
  }
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([locality, endpoints]) => ({
      ...(locality === '' ? {} : { locality }),
      endpoints: endpoints.map(toHost),
    }));
}

/** Envoy refuses members whose weights add up to more than a 32-bit number: they are scaled down together. */
const largestSum = 2 ** 32 - 1;

function fitWeights(members: readonly Endpoint[]): readonly Endpoint[] {
  const sum = members.reduce((total, { weight = 1 }) => total + weight, 0);
  if (sum <= largestSum) return members;
  const factor = (largestSum - members.length) / sum;
  return members.map((member) => ({
    ...member,
    weight: Math.max(1, Math.floor((member.weight ?? 1) * factor)),
  }));
}

const plain = {
  connectTimeoutMs: 10_000,
  http: 'downstream',
  connectionPool: {},
} as const;

/** The clusters that every proxy has. */
function meshClusters(options: MeshOptions): readonly Cluster[] {
  return [
    {
      ...plain,
      name: passthroughCluster,
      discovery: { kind: 'original-dst' },
      loadBalancer: { kind: 'provided' },
    },
    {
      ...plain,
      name: blackHoleCluster,
      discovery: { kind: 'static', hosts: [] },
      loadBalancer: { kind: 'round-robin' },
    },
    ...(options.tracing === undefined ? [] : [collectorCluster(options.tracing)]),
  ];
}

function collectorCluster({ address, port }: TracingOptions): Cluster {
  return {
    ...plain,
    http: 'http1',
    name: tracingCluster,
    discovery: { kind: 'dns', hosts: [{ address, port }], logical: false },
    loadBalancer: { kind: 'round-robin' },
  };
}
