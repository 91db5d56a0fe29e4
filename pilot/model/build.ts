import { sameElements } from '../../kit/same-elements.ts';
import type { ObjectKey, ResourceSet, ServiceEntry } from '../api/resource.ts';
import { type Selections, mapByAge, selectByAge } from './by-age.ts';
import { resolveHostname } from './hostname.ts';
import { type Mesh, type Rule, type Workload, emptyMesh } from './mesh.ts';
import { askedBy } from './proxy.ts';
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
  const before = origins.get(previous);
  const { catalog, domain, resources } = inputs;
  const selections = selectByAge(resources, before?.selections);
  const asked = askAgain(selections, before);
  const origin: Origin = { selections, catalog, domain, asked };
  const world = hasSameServices(origin, before) ? previous : buildWorld(origin, previous);
  const mesh: Mesh = {
    services: world.services,
    endpoints: world.endpoints,
    ...buildRules(origin, world.services, previous),
    askedLabels: keepSet(previous.askedLabels, union(asked)),
    workloads: world.workloads,
  };
  origins.set(mesh, origin);
  return mesh;
}

/** What a mesh was made from. */
interface Origin {
  readonly selections: Selections;
  readonly catalog: readonly RegisteredService[];
  readonly domain: string;
  /** For each VirtualService, by age, the labels that it asks callers for. */
  readonly asked: readonly (readonly string[])[];
}

const origins = new WeakMap<Mesh, Origin>();

function hasSameServices({ catalog, selections }: Origin, before: Origin | undefined): boolean {
  return before?.catalog === catalog && before.selections.ServiceEntry === selections.ServiceEntry;
}

function askAgain({ VirtualService }: Selections, before: Origin | undefined): Origin['asked'] {
  const known = before && { byAge: before.selections.VirtualService, mapped: before.asked };
  return mapByAge(VirtualService, ({ spec }) => orNone(askedBy(spec)), known);
}

/** What there is to call, without the rules for it. */
type World = Pick<Mesh, 'services' | 'endpoints' | 'workloads'>;

function buildWorld(origin: Origin, previous: World): World {
  const registered = mergeRegistries(origin);
  const services = keepMap(previous.services, buildServices(registered, previous.services));
  const endpoints = keepMap(
    previous.endpoints,
    new Map(registered.map((service) => [service.hostname, service.endpoints])),
  );
  const unchanged = endpoints === previous.endpoints && services === previous.services;
  const workloads = unchanged ? previous.workloads : buildWorkloads(services, endpoints);
  return { services, endpoints, workloads };
}

/** One service per host name: the registries come first, then ServiceEntries by age (the analysis says so: CM0205). */
function mergeRegistries({ catalog, selections }: Origin): readonly RegisteredService[] {
  const services = new Map(catalog.map((service) => [service.hostname, service]));
  for (const resource of selections.ServiceEntry) {
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
    registered.map((one) => {
      const address = one.address ?? addresses.get(one.hostname) ?? '';
      return [one.hostname, toService(one, address, previous.get(one.hostname))];
    }),
  );
}

const made = new WeakMap<RegisteredService, Service>();

/** The same object as long as what is registered, or what it says, is the same. */
function toService(
  registered: RegisteredService,
  address: string,
  previous: Service | undefined,
): Service {
  const before = made.get(registered);
  if (before !== undefined && before === previous && before.address === address) return before;
  const { hostname, namespace, ports, resolution } = registered;
  const service = keepEqual(previous, { hostname, namespace, address, ports, resolution });
  made.set(registered, service);
  return service;
}

/** The rules of the resources. Each names services: as long as these are the same, only new resources are looked at. */
function buildRules(
  { selections, domain }: Origin,
  services: Mesh['services'],
  previous: Mesh,
): Pick<Mesh, 'virtualServices' | 'destinationRules'> {
  const isService = (hostname: string): boolean => services.has(hostname);
  const resolve = (host: string): string => resolveHostname(host, domain, isService);
  const scope: Scope = { services, domain, resolve };
  const before = origins.get(previous);
  const isSameScope = services === previous.services && domain === before?.domain;
  const known = isSameScope ? before.selections : undefined;
  const virtualServices = mapByAge(
    selections.VirtualService,
    (resource) => toRule(resource, resource.spec.hosts ?? [], scope),
    known && { byAge: known.VirtualService, mapped: previous.virtualServices },
  );
  const destinationRules = mapByAge(
    selections.DestinationRule,
    (resource) => toRule(resource, [resource.spec.host], scope),
    known && { byAge: known.DestinationRule, mapped: previous.destinationRules },
  );
  return {
    virtualServices: keepList(previous.virtualServices, virtualServices),
    destinationRules: keepList(previous.destinationRules, destinationRules),
  };
}

/** Where the hosts of rules are looked up. */
interface Scope {
  readonly services: Mesh['services'];
  readonly domain: string;
  readonly resolve: (host: string) => string;
}

interface KnownRule extends Pick<Scope, 'services' | 'domain'> {
  readonly rule: Rule<unknown>;
}

const rules = new WeakMap<object, KnownRule>();

/**
 * The rule of a resource, with full host names: the same object as long as its spec is the same object and its hosts
 * mean the same services.
 */
function toRule<Spec extends object>(
  { key: { namespace, name }, spec }: { readonly key: ObjectKey; readonly spec: Spec },
  hosts: readonly string[],
  { services, domain, resolve }: Scope,
): Rule<Spec> {
  const known = rules.get(spec);
  const isOwn = known?.rule.namespace === namespace && known.rule.name === name;
  // Of the resource with this spec, so the spec has this type.
  const before = isOwn ? (known.rule as Rule<Spec>) : undefined;
  if (before !== undefined && known?.services === services && known.domain === domain) {
    return before;
  }
  const fresh: Rule<Spec> = { namespace, name, hosts: hosts.map(resolve), spec };
  const rule = before !== undefined && sameElements(before.hosts, fresh.hosts) ? before : fresh;
  rules.set(spec, { services, domain, rule });
  return rule;
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

const none: readonly string[] = [];

/** Nearly all rules ask for nothing: they share one list, so that the others are found without a look into each. */
function orNone(names: readonly string[]): readonly string[] {
  return names.length === 0 ? none : names;
}

function union(lists: readonly (readonly string[])[]): ReadonlySet<string> {
  return new Set(lists.filter((list) => list !== none).flat());
}

/** The previous set when the next one has the same members. */
function keepSet<T>(previous: ReadonlySet<T>, next: ReadonlySet<T>): ReadonlySet<T> {
  const isSame = previous.size === next.size && [...next].every((member) => previous.has(member));
  return isSame ? previous : next;
}

/** The previous list when the next one has the same entries. */
function keepList<T>(previous: readonly T[], next: readonly T[]): readonly T[] {
  return sameElements(previous, next) ? previous : next;
}
