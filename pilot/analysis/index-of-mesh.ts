import { formatKey } from '../api/kinds.ts';
import type { ConfigResource, ObjectKey } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { hostKey } from './host-key.ts';
import { topics, topicsOf } from './topics.ts';

/** The resources of a mesh by the topics they speak to, and the services of its registries. */
export class MeshIndex {
  readonly domain: string;
  readonly #resources = new Map<string, ConfigResource>();
  readonly #derived = new Map<string, unknown>();
  readonly #byTopic = new Map<string, Map<string, ConfigResource>>();
  #services: ReadonlyMap<string, RegisteredService> | undefined;

  constructor(domain: string) {
    this.domain = domain;
  }

  /** By host name; undefined while nobody has said which services there are. */
  get services(): ReadonlyMap<string, RegisteredService> | undefined {
    return this.#services;
  }

  get resources(): ReadonlyMap<string, ConfigResource> {
    return this.#resources;
  }

  get(key: ObjectKey): ConfigResource | undefined {
    return this.#resources.get(formatKey(key));
  }

  /** The resources that speak to a topic. */
  at(topic: string): Iterable<ConfigResource> {
    return this.#byTopic.get(topic)?.values() ?? [];
  }

  /** What follows from the services and workloads of the mesh, kept until they change. */
  derive<T>(name: string, compute: () => T): T {
    if (!this.#derived.has(name)) this.#derived.set(name, compute());
    return this.#derived.get(name) as T;
  }

  /** Returns the topics on which something has changed. */
  put(resource: ConfigResource): readonly string[] {
    const before = this.remove(resource.key);
    const key = formatKey(resource.key);
    const after = topicsOf(resource, this.domain);
    this.#resources.set(key, resource);
    this.#forgetDerived(resource);
    for (const topic of after) {
      const known = this.#byTopic.get(topic);
      if (known === undefined) this.#byTopic.set(topic, new Map([[key, resource]]));
      else known.set(key, resource);
    }
    return [...before, ...after];
  }

  /** Returns the topics on which something has changed. */
  remove(name: ObjectKey): readonly string[] {
    const key = formatKey(name);
    const resource = this.#resources.get(key);
    if (resource === undefined) return [];
    this.#resources.delete(key);
    this.#forgetDerived(resource);
    const before = topicsOf(resource, this.domain);
    for (const topic of before) {
      const known = this.#byTopic.get(topic);
      known?.delete(key);
      if (known?.size === 0) this.#byTopic.delete(topic);
    }
    return before;
  }

  /** Takes the services of the registries; returns the topics on which something has changed. */
  setServices(services: readonly RegisteredService[]): readonly string[] {
    const before = this.#services;
    const after = new Map(services.map((service) => [service.hostname, service]));
    this.#services = after;
    this.#derived.clear();
    const hosts = new Set([...(before?.keys() ?? []), ...after.keys()]);
    return [...hosts].flatMap((host) => {
      const old = before?.get(host);
      const service = after.get(host);
      return old === service ? [] : topicsOfService(old, service, this.domain);
    });
  }

  #forgetDerived({ kind }: ConfigResource): void {
    if (kind === 'ServiceEntry' || kind === 'WorkloadEntry') this.#derived.clear();
  }
}

function topicsOfService(
  old: RegisteredService | undefined,
  service: RegisteredService | undefined,
  domain: string,
): readonly string[] {
  return [
    ...(old === undefined || service === undefined ? [topics.hosts] : []),
    topics.allWorkloads,
    ...[old, service].flatMap((one) =>
      one === undefined
        ? []
        : [
            topics.service(hostKey(one.hostname, domain)),
            topics.namespace(one.namespace),
            topics.workloads(one.namespace),
          ],
    ),
  ];
}
