import type {
  ConfigResource,
  DestinationRule,
  ServiceEntry,
  VirtualService,
} from '../api/resource.ts';
import { coversHostname, resolveHostname } from '../model/hostname.ts';
import { matchesLabels } from '../model/proxy.ts';
import { registerServiceEntry } from '../model/service-entry.ts';
import { fallbackNamespace, lastingNamespaces, rootNamespace } from '../api/namespace.ts';
import type { RegisteredService } from '../model/service.ts';
import { hostKey, wildcardsOver } from './host-key.ts';
import type { MeshIndex } from './index-of-mesh.ts';
import { topics } from './topics.ts';

export type Kind = ConfigResource['kind'];
export type ResourceOf<K extends Kind> = Extract<ConfigResource, { kind: K }>;
export type Labels = Readonly<Record<string, string>>;

/** That it is in, or that it is. */
function namespaceOf({ kind, key }: ConfigResource): string {
  return kind === 'Namespace' ? key.name : key.namespace;
}

/**
 * What an analyzer may ask about the mesh. Every question is recorded by its topic, so that the answer's consequences
 * are looked at again when it changes.
 */
export class Facts {
  readonly #index: MeshIndex;
  readonly #record: (topic: string) => void;

  constructor(index: MeshIndex, record: (topic: string) => void) {
    this.#index = index;
    this.#record = record;
  }

  get domain(): string {
    return this.#index.domain;
  }

  /** Whether the services of the mesh are known: without, no check may claim that one is missing. */
  get knowsServices(): boolean {
    // Whoever asks depends on the services; that they become known concerns everybody (setServices).
    return this.#index.services !== undefined;
  }

  /** The service that a rule means by `host`. */
  service(host: string): RegisteredService | undefined {
    return this.#serviceAt(this.resolve(host));
  }

  /** The full name that a rule means by `host`, whether there is such a service or not. */
  resolve(host: string): string {
    const { name, asked } = this.#index.derive(`host ${host}`, () => this.#lookUp(host));
    for (const topic of asked) this.#record(topic);
    return name;
  }

  /** The full name, and all that it depends on: also the names that it would have gone by. */
  #lookUp(host: string): { readonly name: string; readonly asked: ReadonlySet<string> } {
    const asked = new Set([topics.service(hostKey(host, this.domain))]);
    const isService = (candidate: string): boolean => {
      asked.add(topics.service(hostKey(candidate, this.domain)));
      return this.#serviceAt(candidate) !== undefined;
    };
    const name = resolveHostname(host, this.domain, isService);
    if (isService(name)) return { name, asked };
    const key = hostKey(host, this.domain);
    const isFull = key.includes('.') || key.includes('*');
    return { name: isFull ? host : `${key}.${this.domain}`, asked };
  }

  /** Names of the services, in the form that `like` has: short or full. */
  hostNames(like: string): readonly string[] {
    this.#record(topics.hosts);
    return like.includes('.')
      ? this.#index.derive('host names', () => this.#allHosts())
      : this.#index.derive('short host names', () =>
          this.#allHosts().map((name) => hostKey(name, this.domain)),
        );
  }

  #allHosts(): readonly string[] {
    const entries = [...this.#at(topics.kind('ServiceEntry'), 'ServiceEntry')];
    return [...(this.#index.services?.keys() ?? []), ...entries.flatMap(({ spec }) => spec.hosts)];
  }

  /** The ServiceEntries for exactly this host, the oldest first. */
  entriesOf(hostname: string): readonly ServiceEntry[] {
    const topic = topics.service(hostKey(hostname, this.domain));
    this.#record(topic);
    return byAge(
      [...this.#at(topic, 'ServiceEntry')].filter(({ spec }) => spec.hosts.includes(hostname)),
    );
  }

  /** Whether a registry (and not a ServiceEntry) has the service. */
  isRegistered(hostname: string): boolean {
    this.#record(topics.service(hostKey(hostname, this.domain)));
    return this.#index.services?.has(hostname) === true;
  }

  find<K extends Kind>(kind: K, namespace: string, name: string): ResourceOf<K> | undefined {
    const topic = topics.object(kind, namespace, name);
    this.#record(topic);
    return [...this.#at(topic, kind)][0];
  }

  /** The objects of a kind, in one namespace or in all; the oldest first. */
  all<K extends Kind>(kind: K, namespace?: string): readonly ResourceOf<K>[] {
    const topic = namespace === undefined ? topics.kind(kind) : topics.kindIn(kind, namespace);
    this.#record(topic);
    return byAge([...this.#at(topic, kind)]);
  }

  /** The VirtualServices that name this service among their hosts, for sidecars; the oldest first. */
  rulesFor(hostname: string): readonly VirtualService[] {
    const topic = topics.rules(hostKey(hostname, this.domain));
    this.#record(topic);
    return byAge(
      [...this.#at(topic, 'VirtualService')].filter(({ spec }) =>
        (spec.hosts ?? []).some((host) => this.resolve(host) === hostname),
      ),
    );
  }

  /** The VirtualServices that send something to the service. */
  routesTo(hostname: string): readonly VirtualService[] {
    const topic = topics.routesTo(hostKey(hostname, this.domain));
    this.#record(topic);
    return [...this.#at(topic, 'VirtualService')];
  }

  /** The VirtualServices that lend rules from this one. */
  delegatingTo(namespace: string, name: string): readonly VirtualService[] {
    const topic = topics.delegatesTo(`${namespace}/${name}`);
    this.#record(topic);
    return [...this.#at(topic, 'VirtualService')];
  }

  /**
   * The DestinationRules that are taken for a service: those for exactly its name, else those with the longest
   * wildcard; of each namespace the oldest (see pilot/translate/policies.ts).
   */
  policiesFor(hostname: string): readonly DestinationRule[] {
    for (const pattern of [hostname, ...wildcardsOver(hostname)]) {
      const rules = this.policiesNaming(pattern);
      if (rules.length === 0) continue;
      const namespaces = new Map([...rules].reverse().map((rule) => [rule.key.namespace, rule]));
      return [...namespaces.values()];
    }
    return [];
  }

  /** The DestinationRules with exactly this host or wildcard, the oldest first. */
  policiesNaming(hostname: string): readonly DestinationRule[] {
    const topic = topics.policy(hostKey(hostname, this.domain));
    this.#record(topic);
    return byAge(
      [...this.#at(topic, 'DestinationRule')].filter(
        ({ spec }) => this.resolve(spec.host) === hostname,
      ),
    );
  }

  /** The services that a host with a wildcard covers, or the one that it names. */
  servicesOf(host: string): readonly RegisteredService[] {
    if (!host.startsWith('*')) {
      const service = this.service(host);
      return service === undefined ? [] : [service];
    }
    this.#record(topics.hosts);
    const names = [
      ...(this.#index.services?.keys() ?? []),
      ...this.all('ServiceEntry').flatMap(({ spec }) => spec.hosts),
    ];
    return names
      .filter((name) => coversHostname(host, name))
      .flatMap((name) => this.service(name) ?? []);
  }

  gatewaysOn(port: number): readonly ResourceOf<'Gateway'>[] {
    const topic = topics.gatewayPort(port);
    this.#record(topic);
    return byAge([...this.#at(topic, 'Gateway')]);
  }

  /** Whether anything is in the namespace: objects or services. */
  hasNamespace(namespace: string): boolean {
    this.#record(topics.namespace(namespace));
    if (lastingNamespaces.includes(namespace)) return true;
    for (const resource of this.#index.at(topics.namespace(namespace))) {
      if (namespaceOf(resource) === namespace) return true;
    }
    return [...(this.#index.services?.values() ?? [])].some(
      (service) => service.namespace === namespace,
    );
  }

  /** The namespaces in which there is something. */
  namespaces(): readonly string[] {
    this.#record(topics.hosts);
    const used = [...this.#index.resources.values()].map(namespaceOf);
    const serving = [...(this.#index.services?.values() ?? [])].map(({ namespace }) => namespace);
    return [...new Set([fallbackNamespace, ...used, ...serving])].sort();
  }

  /** Whether some workload that a policy of `namespace` may hold for has these labels. */
  selects(namespace: string, selector: Labels | undefined): boolean {
    return this.workloads(namespace).some(({ labels }) => matchesLabels(selector, labels));
  }

  /** The workloads that a policy of `namespace` may hold for. */
  workloads(namespace: string): readonly KnownWorkload[] {
    const isRoot = namespace === rootNamespace;
    this.#record(isRoot ? topics.allWorkloads : topics.workloads(namespace));
    return this.#index.derive(`workloads ${namespace}`, () => {
      const inNamespace = isRoot ? undefined : namespace;
      const registered = [...(this.#index.services?.values() ?? [])];
      const services = [...registered, ...this.#declaredServices(inNamespace)];
      return [
        ...services
          .filter((service) => isRoot || service.namespace === namespace)
          .flatMap(workloadsOf),
        ...this.#workloadEntries(inNamespace),
      ];
    });
  }

  #declaredServices(namespace: string | undefined): readonly RegisteredService[] {
    return this.all('ServiceEntry', namespace).flatMap(registerOnce);
  }

  #workloadEntries(namespace: string | undefined): readonly KnownWorkload[] {
    return this.all('WorkloadEntry', namespace).map(({ key, spec }) => ({
      name: key.name,
      labels: spec.labels ?? {},
      ports: Object.values(spec.ports ?? {}),
    }));
  }

  #serviceAt(hostname: string): RegisteredService | undefined {
    const registered = this.#index.services?.get(hostname);
    if (registered !== undefined) return registered;
    const [oldest] = this.entriesOf(hostname);
    return oldest === undefined
      ? undefined
      : registerOnce(oldest).find((service) => service.hostname === hostname);
  }

  *#at<K extends Kind>(topic: string, kind: K): Iterable<ResourceOf<K>> {
    for (const resource of this.#index.at(topic)) {
      if (isKind(resource, kind)) yield resource;
    }
  }
}

/** A workload as selectors see it. */
export interface KnownWorkload {
  readonly name: string;
  readonly labels: Labels;
  /** Ports on which it serves; none when that is not known. */
  readonly ports: readonly number[];
}

const workloads = new WeakMap<RegisteredService, readonly KnownWorkload[]>();

/** What stands behind a service: one for each address, the same objects as long as the service is. */
function workloadsOf(service: RegisteredService): readonly KnownWorkload[] {
  const known = workloads.get(service);
  if (known !== undefined) return known;
  const found = new Map<string, KnownWorkload>();
  for (const { address, port, labels } of service.endpoints) {
    const place = `${address} ${JSON.stringify(labels)}`;
    const ports = [...(found.get(place)?.ports ?? []), port];
    found.set(place, { name: `${service.hostname} at ${address}`, labels, ports });
  }
  const list = [...found.values()];
  workloads.set(service, list);
  return list;
}

const declared = new WeakMap<ServiceEntry, readonly RegisteredService[]>();

function registerOnce(entry: ServiceEntry): readonly RegisteredService[] {
  const services = declared.get(entry) ?? registerServiceEntry(entry);
  declared.set(entry, services);
  return services;
}

function isKind<K extends Kind>(resource: ConfigResource, kind: K): resource is ResourceOf<K> {
  return resource.kind === kind;
}

/** The oldest first, as pilot/model/build.ts takes them: of two that conflict it wins. */
function byAge<R extends ConfigResource>(resources: readonly R[]): readonly R[] {
  if (resources.length < 2) return resources;
  return [...resources].sort((left, right) => (ageOf(left) < ageOf(right) ? -1 : 1));
}

function ageOf({ metadata, key }: ConfigResource): string {
  return [metadata.creationTimestamp ?? '', key.namespace, key.name].join('/');
}
