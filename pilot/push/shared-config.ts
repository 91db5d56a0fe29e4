import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import type { Endpoint, Service } from '../model/service.ts';
import { translateEndpoints, translateOutboundClusters } from '../translate/clusters.ts';
import { indexDestinations } from '../translate/destinations.ts';
import type { MeshOptions } from '../translate/options.ts';
import { translateOutboundListeners } from '../translate/outbound-listeners.ts';
import { type Policies, indexPolicies } from '../translate/policies.ts';
import { translateOutboundRoutes } from '../translate/routes.ts';
import type { EndpointSet } from '../ir/endpoint.ts';
import { recomputeOnChange } from './recompute.ts';

type Recompute = ReturnType<typeof recomputeOnChange<readonly EndpointSet[]>>;
/** What was made of each service's members, by host name. */
type Members = Map<string, Recompute>;

/**
 * The outbound configuration of all proxies with one view. Each part is translated again only when what it
 * is made from has changed: an endpoint touches no route, a rule touches no endpoint.
 */
export class SharedConfig {
  readonly #view: View;
  readonly #options: MeshOptions;
  readonly #policies = recomputeOnChange<Policies>();
  readonly #clusters = recomputeOnChange<ProxyConfig['clusters']>();
  readonly #listeners = recomputeOnChange<ProxyConfig['listeners']>();
  readonly #routes = recomputeOnChange<ProxyConfig['routes']>();
  readonly #endpoints = recomputeOnChange<ProxyConfig['endpoints']>();
  #members: Members = new Map();

  constructor(view: View, options: MeshOptions) {
    this.#view = view;
    this.#options = options;
  }

  translate(mesh: Mesh): ProxyConfig {
    const { services, destinationRules, virtualServices, endpoints } = mesh;
    const policies = this.#policies([destinationRules], () => indexPolicies(mesh, this.#view));
    const destinations = indexDestinations(mesh, policies, this.#view.domain);
    return {
      clusters: this.#clusters([services, destinationRules, ...resolvedByDns(mesh)], () =>
        translateOutboundClusters(mesh, policies, this.#options),
      ),
      endpoints: this.#endpoints([services, endpoints, destinationRules], () =>
        this.#translateEndpoints(mesh, policies),
      ),
      listeners: this.#listeners([services, destinationRules, virtualServices], () =>
        translateOutboundListeners(mesh, this.#view, destinations, this.#options),
      ),
      routes: this.#routes([services, destinationRules, virtualServices], () =>
        translateOutboundRoutes(mesh, this.#view, destinations),
      ),
    };
  }

  #translateEndpoints(mesh: Mesh, policies: Policies): readonly EndpointSet[] {
    const members: Members = new Map();
    const sets = [...mesh.services].flatMap(([hostname, service]) => {
      const recompute = this.#members.get(hostname) ?? recomputeOnChange<readonly EndpointSet[]>();
      members.set(hostname, recompute);
      return recompute([service, mesh.endpoints.get(hostname), policies], () =>
        translateEndpoints(mesh, policies, service),
      );
    });
    this.#members = members;
    return sets;
  }
}

/** Members that stand in clusters and not in endpoints, because the proxy resolves their names. */
function resolvedByDns(mesh: Mesh): readonly (readonly Endpoint[] | undefined)[] {
  const byDns = ({ resolution }: Service): boolean => resolution.startsWith('dns');
  return [...mesh.services.values()]
    .filter(byDns)
    .map(({ hostname }) => mesh.endpoints.get(hostname));
}
