import type { ConfigResource, ObjectKey, ResourceSet, ServiceEntry } from '../api/resource.ts';
import { resolveHostname } from './hostname.ts';
import { type Mesh, type Rule, type Workload, emptyMesh } from './mesh.ts';
import type { Endpoint, RegisteredService, Service } from './service.ts';
import { registerServiceEntry } from './service-entry.ts';
import { assignVirtualAddresses } from './virtual-address.ts';

export interface MeshInputs {
  /** Services of the registries, sorted by host name. */
  readonly catalog: readonly RegisteredService[];
  readonly resources: ResourceSet;
  /** Domain in which rules may use short names. */
  readonly domain: string;
}

/**
 * Derives the mesh. `previous` only saves work and identity: with or without it the result is the same.
 */
export function buildMesh(inputs: MeshInputs, previous: Mesh = emptyMesh): Mesh {
  const registered = mergeRegistries(inputs);
  const services = keepMap(previous.services, buildServices(registered, previous.services));
  const isService = (hostname: string): boolean => services.has(hostname);
  const resolve = (host: string): string => resolveHostname(host, inputs.domain, isService);
  const endpoints = keepMap(
    previous.endpoints,
    new Map(registered.map((service) => [service.hostname, service.endpoints])),
  );
  const virtualServices = select(inputs.resources, 'VirtualService').map((resource) =>
    toRule(resource, resource.spec.hosts ?? [], resolve),
  );
  const destinationRules = select(inputs.resources, 'DestinationRule').map((resource) =>
    toRule(resource, [resource.spec.host], resolve),
  );
  const unchanged = endpoints === previous.endpoints && services === previous.services;
  return {
    services,
    endpoints,
    virtualServices: keepRules(previous.virtualServices, virtualServices),
    destinationRules: keepRules(previous.destinationRules, destinationRules),
    workloads: unchanged ? previous.workloads : buildWorkloads(services, endpoints),
  };
}

/** One service per host name: the registries come first, then ServiceEntries by age (the analysis says so: CM0205). */
function mergeRegistries({ catalog, resources }: MeshInputs): readonly RegisteredService[] {
  const services = new Map(catalog.map((service) => [service.hostname, service]));
  for (const resource of select(resources, 'ServiceEntry')) {
    for (const service of registerOnce(resource)) {
      if (!services.has(service.hostname)) services.set(service.hostname, service);
    }
  }
  return [...services.values()].sort(byHostname);
}

const registered = new WeakMap<ServiceEntry, readonly RegisteredService[]>();

/** The services of an entry: the same objects as long as the entry is, so that its members keep their identity. */
function registerOnce(resource: ServiceEntry): readonly RegisteredService[] {
  const services = registered.get(resource) ?? registerServiceEntry(resource);
  registered.set(resource, services);
  return services;
}

function byHostname(left: RegisteredService, right: RegisteredService): number {
  return left.hostname < right.hostname ? -1 : 1;
}

function buildServices(
  registered: readonly RegisteredService[],
  previous: ReadonlyMap<string, Service>,
): ReadonlyMap<string, Service> {
  const addresses = assignVirtualAddresses(
    registered.flatMap((service) => (service.address === undefined ? [service.hostname] : [])),
    registered.flatMap((service) => service.address ?? []),
  );
  return new Map(
    registered.map(({ hostname, namespace, ports, resolution, address }) => {
      const virtual = address ?? addresses.get(hostname) ?? '';
      const service: Service = { hostname, namespace, address: virtual, ports, resolution };
      return [hostname, keepEqual(previous.get(hostname), service)];
    }),
  );
}

/** Resources of one kind, the oldest first: in Istio the oldest of two conflicting rules wins. */
function select<Kind extends ConfigResource['kind']>(
  resources: ResourceSet,
  kind: Kind,
): readonly Extract<ConfigResource, { kind: Kind }>[] {
  return resources
    .filter(
      (resource): resource is Extract<ConfigResource, { kind: Kind }> => resource.kind === kind,
    )
    .map((resource) => ({ resource, age: ageKey(resource) }))
    .sort((left, right) => (left.age < right.age ? -1 : 1))
    .map(({ resource }) => resource);
}

/** Ends in what no two resources of a kind share. */
function ageKey({ metadata, key }: ConfigResource): string {
  return [metadata.creationTimestamp ?? '', key.namespace, key.name].join('/');
}

/** The rule of a resource, with full host names. */
function toRule<Spec>(
  resource: { readonly key: ObjectKey; readonly spec: Spec },
  hosts: readonly string[],
  resolve: (host: string) => string,
): Rule<Spec> {
  const { namespace, name } = resource.key;
  return { namespace, name, hosts: hosts.map(resolve), spec: resource.spec };
}

function buildWorkloads(
  services: ReadonlyMap<string, Service>,
  endpoints: ReadonlyMap<string, readonly Endpoint[]>,
): ReadonlyMap<string, Workload> {
  const workloads = new Map<string, Workload>();
  for (const [hostname, members] of endpoints) {
    const service = services.get(hostname);
    if (service === undefined) continue;
    for (const workload of workloadsOf(service, members)) {
      const known = workloads.get(workload.address);
      workloads.set(workload.address, known === undefined ? workload : join(known, workload));
    }
  }
  return workloads;
}

const workloadsOfMembers = new WeakMap<readonly Endpoint[], WorkloadsOfService>();

interface WorkloadsOfService {
  readonly service: Service;
  readonly workloads: readonly Workload[];
}

/** What one service has at its addresses: the same objects as long as service and members are. */
function workloadsOf(service: Service, members: readonly Endpoint[]): readonly Workload[] {
  const known = workloadsOfMembers.get(members);
  if (known?.service === service) return known.workloads;
  const { hostname } = service;
  const ports = new Map(service.ports.map((port) => [port.number, port]));
  const workloads = members.flatMap(({ address, port, servicePort: number, labels }) => {
    const servicePort = ports.get(number);
    return servicePort === undefined
      ? []
      : [{ address, labels: { ...labels }, instances: [{ hostname, servicePort, port }] }];
  });
  workloadsOfMembers.set(members, { service, workloads });
  return workloads;
}

function join(left: Workload, right: Workload): Workload {
  return {
    address: left.address,
    labels: { ...right.labels, ...left.labels },
    instances: [...left.instances, ...right.instances],
  };
}

function keepEqual<T>(previous: T | undefined, next: T): T {
  return previous !== undefined && JSON.stringify(previous) === JSON.stringify(next)
    ? previous
    : next;
}

/** The previous map when the next one has the same entries in the same order. */
function keepMap<T>(
  previous: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (previous.size !== next.size) return next;
  for (const [key, value] of next) {
    if (previous.get(key) !== value) return next;
  }
  return previous;
}

/** Rules keep their identity while their spec is the same object and their hosts mean the same services. */
function keepRules<Spec>(
  previous: readonly Rule<Spec>[],
  next: readonly Rule<Spec>[],
): readonly Rule<Spec>[] {
  const known = new Map(previous.map((rule) => [rule.spec, rule]));
  const kept = next.map((rule) => {
    const same = known.get(rule.spec);
    return same?.hosts.join() === rule.hosts.join() ? same : rule;
  });
  const unchanged =
    previous.length === kept.length && kept.every((rule, index) => rule === previous[index]);
  return unchanged ? previous : kept;
}
