import { formatKey } from '../api/kinds.ts';
import type { ConfigResource, ObjectKey } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { hostKey } from './host-key.ts';
import { topics, topicsOf } from './topics.ts';

export type AnalyzedChange =
  | { readonly kind: 'put'; readonly resource: ConfigResource }
  | { readonly kind: 'remove'; readonly key: ObjectKey };

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
  apply(change: AnalyzedChange): readonly string[] {
    const { before, after } = this.#changeOf(change);
    this.#leave(before);
    this.#enter(after);
    return [...before.topics, ...after.topics];
  }

  /** The topics on which a change would change something. */
  topicsOf(change: AnalyzedChange): readonly string[] {
    const { before, after } = this.#changeOf(change);
    return [...before.topics, ...after.topics];
  }

  /** Runs `action` with the index as it would be after a change, which is taken back then. */
  suppose<T>(change: AnalyzedChange, action: () => T): T {
    const { before, after } = this.#changeOf(change);
    this.#leave(before);
    this.#enter(after);
    try {
      return action();
    } finally {
      this.#leave(after);
      this.#enter(before);
    }
  }

  #changeOf(change: AnalyzedChange): { readonly before: Entry; readonly after: Entry } {
    const key = change.kind === 'put' ? change.resource.key : change.key;
    const resource = change.kind === 'put' ? change.resource : undefined;
    return { before: this.#entryOf(this.get(key)), after: this.#entryOf(resource) };
  }

  #entryOf(resource: ConfigResource | undefined): Entry {
    if (resource === undefined) return { topics: [] };
    return { resource, topics: topicsOf(resource, this.domain) };
  }

  #enter({ resource, topics }: Entry): void {
    if (resource === undefined) return;
    const key = formatKey(resource.key);
    this.#resources.set(key, resource);
    this.#forgetDerived(resource);
    for (const topic of topics) {
      const known = this.#byTopic.get(topic);
      if (known === undefined) this.#byTopic.set(topic, new Map([[key, resource]]));
      else known.set(key, resource);
    }
  }

  #leave({ resource, topics }: Entry): void {
    if (resource === undefined) return;
    const key = formatKey(resource.key);
    this.#resources.delete(key);
    this.#forgetDerived(resource);
    for (const topic of topics) {
      const known = this.#byTopic.get(topic);
      known?.delete(key);
      if (known?.size === 0) this.#byTopic.delete(topic);
    }
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

/** Nothing, or a resource and the topics that it speaks to. */
interface Entry {
  readonly resource?: ConfigResource;
  readonly topics: readonly string[];
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
