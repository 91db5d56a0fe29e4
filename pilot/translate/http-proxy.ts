import type { Listener } from '../ir/listener.ts';
import { httpProxyRoutes } from '../ir/names.ts';
import type { RouteTable, VirtualHost } from '../ir/route.ts';
import { namesOf } from '../model/hostname.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import { type Service, handlingOf } from '../model/service.ts';
import type { Destinations } from './destinations.ts';
import type { MeshOptions } from './options.ts';
import { boundHttpListener } from './bound-listener.ts';
import { noHeaderChanges } from './route-headers.ts';
import { matchAll } from './route-match.ts';
import { findRule, hostOf, httpRules, translateService } from './routes.ts';

/** Where the explicit HTTP proxy listens. */
export interface ExplicitHttpProxy {
  readonly address: string;
  readonly port: number;
  readonly exclusive?: true;
}

/**
 * The explicit HTTP proxy on loopback, for callers that nothing captures: with `http_proxy` set to it, a
 * request takes the same routes as a captured one (Istio's proxyHttpPort).
 */
export function translateHttpProxyListener(
  { address, port, exclusive }: ExplicitHttpProxy,
  options: MeshOptions,
): Listener {
  const name = `${address}_${port}`;
  const statPrefix = `outbound_${name}`;
  const place = { name, address, port, ...(exclusive === true ? { exclusive } : {}) };
  return boundHttpListener(place, { statPrefix, routes: httpProxyRoutes }, options);
}

/** The routes of all ports in one table: a caller names the port in the URL. As for `translateHost` see routes.ts. */
export function translateHttpProxyRoutes(
  mesh: Mesh,
  view: View,
  destinations: Destinations,
  translateHost = translateService,
): RouteTable {
  const rules = httpRules(mesh);
  const virtualHosts = assignDomains(mesh, view).map(({ service, port, domains }) => {
    const rule = findRule(rules, service.hostname);
    return translateHost({ service, domains, rule, port, view, destinations });
  });
  return { name: httpProxyRoutes, repeatsSafe: true, virtualHosts: [...virtualHosts, unknownHost] };
}

interface Claim {
  readonly service: Service;
  readonly port: number;
  readonly domains: string[];
}

/** As in the tables of single ports: no domain twice, and a service's own name before another one's address. */
function assignDomains(mesh: Mesh, view: View): readonly Claim[] {
  const claims = [...mesh.services.values()].flatMap((service) =>
    service.ports
      .filter((port) => handlingOf(port) === 'http')
      .map(({ number: port }): Claim => ({ service, port, domains: [] })),
  );
  const taken = new Set<string>();
  const claim = ({ domains, port }: Claim, names: readonly string[]): void => {
    for (const domain of names.flatMap((name) => withPort(name, port))) {
      if (taken.has(domain)) continue;
      taken.add(domain);
      domains.push(domain);
    }
  };
  for (const one of claims) claim(one, [one.service.hostname]);
  for (const one of claims) {
    claim(one, [...namesOf(one.service.hostname, view.domain), hostOf(one.service.address)]);
  }
  // Envoy takes no virtual host without a domain.
  return claims.filter(({ domains }) => domains.length > 0);
}

/** Port 80 is left out of a URL's authority (RFC 9110, 4.2.1). */
function withPort(name: string, port: number): readonly string[] {
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`];
}

/** Without a captured connection there is no address to pass an unknown host on to. */
const unknownHost: VirtualHost = {
  name: 'unknown',
  domains: ['*'],
  routes: [
    {
      name: 'unknown',
      match: matchAll,
      action: {
        kind: 'respond',
        status: 502,
        body: { kind: 'text', text: 'the mesh has no HTTP service of this name and port\n' },
      },
      headers: noHeaderChanges,
      operation: 'unknown',
    },
  ],
};
