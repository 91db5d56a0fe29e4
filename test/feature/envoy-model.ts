/**
 * How Envoy behaves as an xDS client, without I/O: it subscribes to the endpoints of its clusters and the routes of its
 * listeners, acknowledges clusters only when they are warm, forgets endpoints when a cluster changes, and notes every
 * moment at which traffic would have failed.
 */
import { HttpConnectionManagerSchema } from '../../pilot/proto/extensions.ts';
import {
  ClusterSchema,
  Cluster_DiscoveryTypeValues,
  ListenerSchema,
  RouteConfigurationSchema,
} from '../../pilot/proto/messages.ts';
import { decode } from '../../pilot/proto/reader.ts';
import type { EncodedResource, XdsType } from '../../pilot/xds/resource.ts';

export interface ModelRequest {
  readonly type: XdsType;
  readonly nonce: string;
  readonly version: string;
  readonly error?: string;
  /** State of the world: all names. Empty for all resources of the type. */
  readonly names: readonly string[];
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** First request after a reconnect (delta): what the client still has. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface ModelResponse {
  readonly type: XdsType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

export interface ModelOptions {
  readonly transport: 'delta' | 'sotw';
  /** Why the client refuses a resource; undefined when it takes it. */
  readonly refuse?: (type: XdsType, resource: EncodedResource) => string | undefined;
}

const types: readonly XdsType[] = ['cluster', 'endpoint', 'listener', 'route'];

export class EnvoyModel {
  readonly #options: ModelOptions;
  readonly held: Readonly<Record<XdsType, Map<string, EncodedResource>>> = {
    cluster: new Map(),
    endpoint: new Map(),
    listener: new Map(),
    route: new Map(),
  };
  /** Moments at which requests would have failed. */
  readonly violations: string[] = [];
  /** Clusters the server has given, also those that were refused. */
  readonly #offered = new Set<string>();
  readonly #warming = new Set<string>();
  readonly #subscribed = { endpoint: new Set<string>(), route: new Set<string>() };
  readonly #nonces: Record<XdsType, string> = {
    cluster: '',
    endpoint: '',
    listener: '',
    route: '',
  };
  readonly #versions: Record<XdsType, string> = { ...this.#nonces };
  #delayed: ModelRequest | undefined;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  /** The first requests on a new stream; a delta client says what it still has. */
  connect(): readonly ModelRequest[] {
    this.#delayed = undefined;
    for (const type of types) this.#nonces[type] = '';
    const requests = [this.#request('cluster', {}), this.#request('listener', {})];
    for (const type of ['endpoint', 'route'] as const) {
      const names = [...this.#subscribed[type]];
      if (names.length > 0) requests.push(this.#request(type, { subscribe: names }));
    }
    return requests.map((request) => ({ ...request, versions: this.#claims(request.type) }));
  }

  /** What Envoy answers, in order. */
  receive(response: ModelResponse): readonly ModelRequest[] {
    const { type, nonce, version } = response;
    this.#nonces[type] = nonce;
    const errors: string[] = [];
    for (const resource of response.resources) {
      const refusal = this.#options.refuse?.(type, resource);
      if (type === 'cluster') this.#offered.add(resource.name);
      if (refusal === undefined) this.#take(type, resource);
      else errors.push(`${resource.name}: ${refusal}`);
    }
    for (const name of this.#goneNames(response)) this.#drop(type, name);
    if (errors.length === 0) this.#versions[type] = version;
    const error = errors.length === 0 ? {} : { error: errors.join('; ') };
    return this.#answer(this.#request(type, error));
  }

  /** Clusters go without endpoints when those do not come in time (core.v3.ConfigSource, initial_fetch_timeout). */
  giveUpWarming(): readonly ModelRequest[] {
    this.#warming.clear();
    const acks = this.#delayed === undefined ? [] : [this.#delayed];
    this.#delayed = undefined;
    return acks;
  }

  /** Names that this client asks for. */
  subscribed(type: 'endpoint' | 'route'): ReadonlySet<string> {
    return this.#subscribed[type];
  }

  #answer(ack: ModelRequest): readonly ModelRequest[] {
    const requests: ModelRequest[] = [];
    if (ack.type === 'cluster') this.#delayed = ack;
    else requests.push(ack);
    requests.push(...this.#resubscribe('endpoint'), ...this.#resubscribe('route'));
    if (this.#delayed !== undefined && this.#warming.size === 0) {
      requests.push(this.#delayed);
      this.#delayed = undefined;
    }
    return requests;
  }

  #take(type: XdsType, resource: EncodedResource): void {
    const named = type === 'endpoint' || type === 'route';
    // Sent before the server knew that it is no longer wanted.
    if (named && !this.#subscribed[type].has(resource.name)) return;
    const before = this.held[type].get(resource.name);
    this.held[type].set(resource.name, resource);
    if (type === 'cluster' && before?.version !== resource.version && usesEds(resource)) {
      this.#warming.add(resource.name);
    }
    if (type === 'endpoint') this.#warming.delete(resource.name);
    if (type === 'route') this.#checkRoute(resource);
  }

  #checkRoute(route: EncodedResource): void {
    for (const cluster of clustersOf(route)) {
      if (!this.#offered.has(cluster)) {
        this.violations.push(`route ${route.name} names ${cluster}, which was not given`);
      } else if (!this.held.endpoint.has(cluster) && this.held.cluster.has(cluster)) {
        this.violations.push(`route ${route.name} names ${cluster}, which has no endpoints`);
      }
    }
  }

  #goneNames(response: ModelResponse): readonly string[] {
    if (this.#options.transport === 'delta') return response.removed;
    if (response.type === 'endpoint' || response.type === 'route') return [];
    const kept = new Set(response.resources.map(({ name }) => name));
    return [...this.held[response.type].keys()].filter((name) => !kept.has(name));
  }

  #drop(type: XdsType, name: string): void {
    this.held[type].delete(name);
    if (type !== 'cluster') return;
    this.#offered.delete(name);
    this.#warming.delete(name);
    for (const route of this.#usedRoutes()) {
      if (clustersOf(route).includes(name)) {
        this.violations.push(`cluster ${name} was removed while route ${route.name} uses it`);
      }
    }
  }

  #usedRoutes(): readonly EncodedResource[] {
    const used = new Set([...this.held.listener.values()].flatMap(routesOf));
    return [...this.held.route.values()].filter(({ name }) => used.has(name));
  }

  #resubscribe(type: 'endpoint' | 'route'): readonly ModelRequest[] {
    const wanted =
      type === 'endpoint'
        ? [...this.held.cluster.values()].filter(usesEds).map(({ name }) => name)
        : [...this.held.listener.values()].flatMap(routesOf);
    const before = this.#subscribed[type];
    const subscribe = [...new Set(wanted)].filter((name) => !before.has(name));
    const unsubscribe = [...before].filter((name) => !wanted.includes(name));
    if (subscribe.length + unsubscribe.length === 0) return [];
    this.#subscribed[type] = new Set(wanted);
    for (const name of unsubscribe) this.held[type].delete(name);
    const nonce = this.#options.transport === 'sotw' ? this.#nonces[type] : '';
    return [{ ...this.#request(type, { subscribe, unsubscribe }), nonce }];
  }

  #request(type: XdsType, change: Partial<ModelRequest>): ModelRequest {
    const names = type === 'endpoint' || type === 'route' ? [...this.#subscribed[type]] : [];
    return {
      type,
      nonce: this.#nonces[type],
      version: this.#versions[type],
      names,
      subscribe: [],
      unsubscribe: [],
      versions: {},
      ...change,
    };
  }

  #claims(type: XdsType): Readonly<Record<string, string>> {
    if (this.#options.transport === 'sotw') return {};
    return Object.fromEntries([...this.held[type].values()].map((one) => [one.name, one.version]));
  }
}

function usesEds(cluster: EncodedResource): boolean {
  const { clusterDiscoveryType } = decode(ClusterSchema, cluster.value);
  return (
    clusterDiscoveryType.case === 'type' &&
    clusterDiscoveryType.value === Cluster_DiscoveryTypeValues.EDS
  );
}

/** The clusters that a route configuration names. */
function clustersOf(route: EncodedResource): readonly string[] {
  return decode(RouteConfigurationSchema, route.value).virtualHosts.flatMap((host) =>
    host.routes.flatMap(({ action }) =>
      action.case === 'route' && action.value.clusterSpecifier.case === 'cluster'
        ? [action.value.clusterSpecifier.value]
        : [],
    ),
  );
}

/** The route configurations that a listener asks for. */
function routesOf(listener: EncodedResource): readonly string[] {
  const filters = decode(ListenerSchema, listener.value).filterChains.flatMap((c) => c.filters);
  return filters.flatMap(({ configType }) => {
    if (configType.case !== 'typedConfig') return [];
    const { routeSpecifier } = decode(HttpConnectionManagerSchema, configType.value.value);
    return routeSpecifier.case === 'rds' ? [routeSpecifier.value.routeConfigName] : [];
  });
}
