import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import type { Endpoint, Service } from '../model/service.ts';
import { translateEndpoints, translateOutboundClusters } from '../translate/clusters.ts';
import { type Destinations, indexDestinations } from '../translate/destinations.ts';
import type { MeshOptions } from '../translate/options.ts';
import { type Policies, indexPolicies } from '../translate/policies.ts';
import { type Profile, profiles } from '../translate/profile.ts';
import type { EndpointSet } from '../ir/endpoint.ts';
import type { VirtualHost } from '../ir/route.ts';
import { recomputeByKey, recomputeOnChange } from './recompute.ts';

/**
 * The outbound configuration of all proxies with one view. Each part is translated again only when what it
 * is made from has changed: an endpoint touches no route, a rule touches no endpoint and no virtual host but its own.
 */
export class SharedConfig {
  readonly #view: View;
  readonly #options: MeshOptions;
  readonly #profile: Profile;
  readonly #policies = recomputeOnChange<Policies>();
  readonly #clusters = recomputeOnChange<ProxyConfig['clusters']>();
  readonly #listeners = recomputeOnChange<ProxyConfig['listeners']>();
  readonly #routes = recomputeOnChange<ProxyConfig['routes']>();
  readonly #endpoints = recomputeOnChange<ProxyConfig['endpoints']>();
  /** By host name. */
  readonly #members = recomputeByKey<readonly EndpointSet[]>();
  readonly #destinations = recomputeOnChange<Destinations>();
  readonly #hosts: () => Profile['host'];
  readonly #proxyHosts: () => Profile['host'];

  constructor(view: View, options: MeshOptions) {
    this.#view = view;
    this.#options = options;
    this.#profile = profiles[view.reader];
    this.#hosts = rememberHosts(this.#profile.host);
    this.#proxyHosts = rememberHosts(this.#profile.host);
  }

  translate(mesh: Mesh): ProxyConfig {
    const { services, destinationRules, virtualServices, endpoints } = mesh;
    const policies = this.#policies([destinationRules], () => indexPolicies(mesh, this.#view));
    const destinations = this.#destinations([services, policies], () =>
      indexDestinations(mesh, policies, this.#view.domain),
    );
    const inputs = { mesh, view: this.#view, destinations, options: this.#options };
    const clusters = this.#clusters([services, destinationRules, ...resolvedByDns(mesh)], () =>
      translateOutboundClusters(mesh, policies, this.#options).map(this.#profile.cluster),
    );
    return {
      clusters,
      endpoints: this.#endpoints([clusters, services, endpoints, destinationRules], () =>
        completeSets(clusters, this.#translateEndpoints(mesh, policies)),
      ),
      listeners: this.#listeners([services, destinationRules, virtualServices], () =>
        this.#profile.listeners(inputs),
      ),
      routes: this.#routes([services, destinationRules, virtualServices], () =>
        this.#profile.routes({
          ...inputs,
          host: this.#hosts(),
          proxyHost: this.#proxyHosts(),
        }),
      ),
    };
  }

  #translateEndpoints(mesh: Mesh, policies: Policies): readonly EndpointSet[] {
    const recompute = this.#members();
    return [...mesh.services].flatMap(([hostname, service]) =>
      recompute(hostname, [service, mesh.endpoints.get(hostname), policies], () =>
        translateEndpoints(mesh, policies, service).map(this.#profile.endpoints),
      ),
    );
  }
}

/** Translates the virtual hosts of one kind of table; each again only when what it is made from has changed. */
function rememberHosts(translateHost: Profile['host']): () => Profile['host'] {
  const rounds = recomputeByKey<VirtualHost>();
  return () => {
    const recompute = rounds();
    return (inputs) => {
      const { service, domains, rule, port, destinations } = inputs;
      const key = `${service.hostname}:${port}`;
      return recompute(key, [service, domains.join(), rule, destinations], () =>
        translateHost(inputs),
      );
    };
  };
}

/** Every cluster that asks for its members gets an answer, be it that it has none. */
function completeSets(
  clusters: ProxyConfig['clusters'],
  sets: readonly EndpointSet[],
): readonly EndpointSet[] {
  const names = new Set(sets.map(({ cluster }) => cluster));
  const missing = clusters.filter(
    ({ name, discovery }) => discovery.kind === 'eds' && !names.has(name),
  );
  return [...sets, ...missing.map(({ name }) => ({ cluster: name, localities: [] }))];
}

/** Members that stand in clusters and not in endpoints, because the proxy resolves their names. */
function resolvedByDns(mesh: Mesh): readonly (readonly Endpoint[] | undefined)[] {
  const byDns = ({ resolution }: Service): boolean => resolution.startsWith('dns');
  return [...mesh.services.values()]
    .filter(byDns)
    .map(({ hostname }) => mesh.endpoints.get(hostname));
}
