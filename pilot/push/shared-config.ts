import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import type { Endpoint, Service } from '../model/service.ts';
import { translateEndpoints, translateOutboundClusters } from '../translate/clusters.ts';
import { type Destinations, indexDestinations } from '../translate/destinations.ts';
import { translateHttpProxyRoutes } from '../translate/http-proxy.ts';
import type { MeshOptions } from '../translate/options.ts';
import { translateOutboundListeners } from '../translate/outbound-listeners.ts';
import { type Policies, indexPolicies } from '../translate/policies.ts';
import { translateOutboundRoutes, translateService } from '../translate/routes.ts';
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
  readonly #policies = recomputeOnChange<Policies>();
  readonly #clusters = recomputeOnChange<ProxyConfig['clusters']>();
  readonly #listeners = recomputeOnChange<ProxyConfig['listeners']>();
  readonly #routes = recomputeOnChange<ProxyConfig['routes']>();
  readonly #endpoints = recomputeOnChange<ProxyConfig['endpoints']>();
  /** By host name. */
  readonly #members = recomputeByKey<readonly EndpointSet[]>();
  readonly #destinations = recomputeOnChange<Destinations>();
  readonly #capturedHosts = rememberHosts();
  readonly #proxyHosts = rememberHosts();

  constructor(view: View, options: MeshOptions) {
    this.#view = view;
    this.#options = options;
  }

  translate(mesh: Mesh): ProxyConfig {
    const { services, destinationRules, virtualServices, endpoints } = mesh;
    const policies = this.#policies([destinationRules], () => indexPolicies(mesh, this.#view));
    const destinations = this.#destinations([services, policies], () =>
      indexDestinations(mesh, policies, this.#view.domain),
    );
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
        this.#translateRoutes(mesh, destinations),
      ),
    };
  }

  #translateEndpoints(mesh: Mesh, policies: Policies): readonly EndpointSet[] {
    const recompute = this.#members();
    return [...mesh.services].flatMap(([hostname, service]) =>
      recompute(hostname, [service, mesh.endpoints.get(hostname), policies], () =>
        translateEndpoints(mesh, policies, service),
      ),
    );
  }

  #translateRoutes(mesh: Mesh, destinations: Destinations): ProxyConfig['routes'] {
    const captured = translateOutboundRoutes(mesh, this.#view, destinations, this.#capturedHosts());
    if (!this.#view.explicitHttp) return captured;
    return [
      ...captured,
      translateHttpProxyRoutes(mesh, this.#view, destinations, this.#proxyHosts()),
    ];
  }
}

/** Translates the virtual hosts of one kind of table; each again only when what it is made from has changed. */
function rememberHosts(): () => typeof translateService {
  const rounds = recomputeByKey<VirtualHost>();
  return () => {
    const recompute = rounds();
    return (inputs) => {
      const { service, domains, rule, port, destinations } = inputs;
      const key = `${service.hostname}:${port}`;
      return recompute(key, [service, domains.join(), rule, destinations], () =>
        translateService(inputs),
      );
    };
  };
}

/** Members that stand in clusters and not in endpoints, because the proxy resolves their names. */
function resolvedByDns(mesh: Mesh): readonly (readonly Endpoint[] | undefined)[] {
  const byDns = ({ resolution }: Service): boolean => resolution.startsWith('dns');
  return [...mesh.services.values()]
    .filter(byDns)
    .map(({ hostname }) => mesh.endpoints.get(hostname));
}
