import type {
  HttpMatchRequest,
  HttpRoute,
  VirtualServiceSpec,
} from '../api/virtual-service-schema.ts';
import { outboundCluster, outboundRoutes, passthroughCluster } from '../ir/names.ts';
import type { Route, RouteOrigin, RouteTable, VirtualHost } from '../ir/route.ts';
import { coversHostname, namesOf } from '../model/hostname.ts';
import type { Mesh, Rule } from '../model/mesh.ts';
import { type View, matchesLabels } from '../model/proxy.ts';
import { type Service, handlingOf } from '../model/service.ts';
import type { Destinations } from './destinations.ts';
import { forwardTo, translateAction } from './route-action.ts';
import { translateCors, translateFault } from './route-filters.ts';
import { noHeaderChanges, translateHeaderChanges } from './route-headers.ts';
import { matchAll, translateMatch } from './route-match.ts';

type HttpRule = Rule<VirtualServiceSpec>;

/**
 * The route tables of outbound HTTP: one for each port on which some service is handled as HTTP. `translateHost` is
 * for a caller who remembers virtual hosts.
 */
export function translateOutboundRoutes(
  mesh: Mesh,
  view: View,
  destinations: Destinations,
  translateHost = translateService,
): readonly RouteTable[] {
  const rules = httpRules(mesh);
  return httpPorts(mesh).map((port) => {
    const services = [...mesh.services.values()].filter((service) => servesHttp(service, port));
    const domains = assignDomains(services, port, view);
    return {
      name: outboundRoutes(port),
      repeatsSafe: true,
      virtualHosts: [
        ...services.map((service) =>
          translateHost({
            service,
            domains: domains.get(service) ?? [],
            rule: findRule(rules, service.hostname),
            port,
            view,
            destinations,
          }),
        ),
        passthroughHost,
      ],
    };
  });
}

/** Ports on which some service is handled as HTTP, sorted. */
export function httpPorts(mesh: Pick<Mesh, 'services'>): readonly number[] {
  const ports = [...mesh.services.values()].flatMap((service) =>
    service.ports.filter((port) => handlingOf(port) === 'http').map((port) => port.number),
  );
  return [...new Set(ports)].sort((left, right) => left - right);
}

export function servesHttp(service: Service, number: number): boolean {
  return service.ports.some((port) => port.number === number && handlingOf(port) === 'http');
}

/** The rules about HTTP for sidecars: those without gateways, or with the word `mesh` among them. */
export function httpRules({ virtualServices }: Pick<Mesh, 'virtualServices'>): readonly HttpRule[] {
  return virtualServices.filter(({ spec }) => (spec.http ?? []).length > 0 && isForSidecars(spec));
}

/** Istio: a rule without gateways is for all sidecars, as if it named the gateway `mesh`. */
export function isForSidecars({ gateways = [] }: Pick<VirtualServiceSpec, 'gateways'>): boolean {
  return gateways.length === 0 || gateways.includes('mesh');
}

/**
 * Every name by which a service may be called, with and without port. No name may occur twice in a table
 * (Envoy refuses it), so full names are given out first, then short ones, then virtual addresses.
 */
function assignDomains(
  services: readonly Service[],
  port: number,
  view: View,
): ReadonlyMap<Service, readonly string[]> {
  const taken = new Set<string>();
  const domains = new Map<Service, string[]>(services.map((service) => [service, []]));
  const claim = (service: Service, names: readonly string[]): void => {
    for (const name of names.flatMap((host) => [host, `${host}:${port}`])) {
      if (taken.has(name)) continue;
      taken.add(name);
      domains.get(service)?.push(name);
    }
  };
  for (const service of services) claim(service, [service.hostname]);
  for (const service of services) claim(service, namesOf(service.hostname, view.domain).slice(1));
  for (const service of services) claim(service, [hostOf(service.address)]);
  return domains;
}

/** An address as it stands in a Host header (RFC 3986 §3.2.2: IPv6 in brackets). */
export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

interface RouteContext {
  readonly port: number;
  readonly view: View;
  readonly destinations: Destinations;
}

/** All that a virtual host is made from. */
export interface HostInputs extends RouteContext {
  readonly service: Service;
  readonly domains: readonly string[];
  readonly rule: HttpRule | undefined;
}

/** The virtual host of one port of a service. */
export function translateService(inputs: HostInputs): VirtualHost {
  const { service, domains, rule, port } = inputs;
  return {
    name: `${service.hostname}:${port}`,
    domains,
    routes:
      rule === undefined ? [defaultRoute(service, inputs)] : translateRule(rule, service, inputs),
  };
}

/** The rule for exactly this host, else the one with the longest wildcard that covers it. */
export function findRule(rules: readonly HttpRule[], hostname: string): HttpRule | undefined {
  const exact = rules.find(({ hosts }) => hosts.includes(hostname));
  if (exact !== undefined) return exact;
  const wildcards = rules.flatMap((rule) =>
    rule.hosts.filter((host) => coversHostname(host, hostname)).map((host) => ({ rule, host })),
  );
  return wildcards.reduce<(typeof wildcards)[number] | undefined>(
    (best, candidate) =>
      best === undefined || candidate.host.length > best.host.length ? candidate : best,
    undefined,
  )?.rule;
}

function defaultRoute(service: Service, { port, destinations }: RouteContext): Route {
  const { hash } = destinations({ host: service.hostname, port: { number: port } }, port);
  return {
    name: 'default',
    match: matchAll,
    action: forwardTo(outboundCluster(service.hostname, port), hash),
    headers: noHeaderChanges,
    operation: `${service.hostname}:${port}/*`,
  };
}

/** A match-all route ends the list: what follows can never be reached. */
function translateRule(rule: HttpRule, service: Service, context: RouteContext): readonly Route[] {
  const routes: Route[] = [];
  for (const [index, http] of (rule.spec.http ?? []).entries()) {
    const origin = {
      rule: `VirtualService ${rule.namespace}/${rule.name}`,
      path: `spec.http[${index}]`,
    };
    const translated = translateHttpRoute(http, origin, service, context);
    routes.push(...translated);
    if (translated.some((route) => isCatchAll(route))) break;
  }
  return routes;
}

function isCatchAll({ match }: Route): boolean {
  return (
    match.path.kind === 'prefix' &&
    match.path.value === '/' &&
    match.headers.length === 0 &&
    match.query.length === 0
  );
}

function translateHttpRoute(
  http: HttpRoute,
  origin: RouteOrigin,
  service: Service,
  context: RouteContext,
): readonly Route[] {
  const action = translateAction(http, context.port, context.destinations);
  if (action === undefined) return [];
  const fault = translateFault(http.fault);
  const cors = translateCors(http.corsPolicy);
  const common = {
    action,
    headers: translateHeaderChanges(http.headers),
    ...(fault === undefined ? {} : { fault }),
    ...(cors === undefined ? {} : { cors }),
    operation: `${service.hostname}:${context.port}/*`,
  };
  const matches = http.match ?? [];
  const named = (match: HttpMatchRequest | undefined): { readonly name?: string } => {
    const name = [http.name, match?.name].filter((part) => part !== undefined).join('.');
    return name === '' ? {} : { name };
  };
  if (matches.length === 0) return [{ ...named(undefined), match: matchAll, ...common, origin }];
  return matches.flatMap((match, index) => {
    if (!concernsCaller(match, context)) return [];
    const place = { rule: origin.rule, path: `${origin.path}.match[${index}]` };
    return [{ ...named(match), match: translateMatch(match), ...common, origin: place }];
  });
}

type CallerMatch = Pick<HttpMatchRequest, 'port' | 'sourceNamespace' | 'sourceLabels' | 'gateways'>;

/** The conditions on who calls and on which port are decided here, once for the whole view. */
export function concernsCaller(
  match: CallerMatch,
  { port, view }: Pick<RouteContext, 'port' | 'view'>,
): boolean {
  return (
    (match.port === undefined || match.port === port) &&
    (match.sourceNamespace === undefined || match.sourceNamespace === view.namespace) &&
    (match.gateways === undefined || match.gateways.includes('mesh')) &&
    matchesLabels(match.sourceLabels, view.labels)
  );
}

/** Hosts that the mesh does not know are called as they were meant (Istio's ALLOW_ANY). */
const passthroughHost: VirtualHost = {
  name: 'allow_any',
  domains: ['*'],
  routes: [
    {
      name: 'allow_any',
      match: matchAll,
      action: {
        kind: 'forward',
        clusters: [{ name: passthroughCluster, weight: 1, headers: noHeaderChanges }],
        timeoutMs: 0,
        ownRetry: true,
        mirrors: [],
        rewrite: {},
        hash: [],
      },
      headers: noHeaderChanges,
      operation: 'passthrough',
    },
  ],
};
