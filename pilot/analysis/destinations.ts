import type { Destination, VirtualServiceSpec } from '../api/virtual-service-schema.ts';

/** A destination of a VirtualService and where it stands. */
export interface PlacedDestination {
  readonly path: string;
  readonly destination: Destination;
  /** What carries it there. */
  readonly protocol: 'http' | 'tls' | 'tcp';
  /** Port that the rule is limited to by every one of its matches. */
  readonly requestPorts?: readonly number[];
}

/** All destinations of a VirtualService: of its routes and of its mirrors. */
export function destinationsOf(spec: VirtualServiceSpec): readonly PlacedDestination[] {
  const http = (spec.http ?? []).flatMap((rule, index) => {
    const path = `spec.http[${index}]`;
    const ports = requestPorts(rule.match);
    const mirrors = (rule.mirrors ?? []).map(({ destination }, mirror) => ({
      path: `${path}.mirrors[${mirror}].destination`,
      destination,
    }));
    const mirror =
      rule.mirror === undefined ? [] : [{ path: `${path}.mirror`, destination: rule.mirror }];
    return [...routesOf(path, rule.route), ...mirror, ...mirrors].map((placed) => ({
      ...placed,
      ...ports,
      protocol: 'http' as const,
    }));
  });
  const streams = (['tls', 'tcp'] as const).flatMap((protocol) =>
    (spec[protocol] ?? []).flatMap(({ match, route }, index) =>
      routesOf(`spec.${protocol}[${index}]`, route).map((placed) => ({
        ...placed,
        ...requestPorts(match),
        protocol,
      })),
    ),
  );
  return [...http, ...streams];
}

function requestPorts(matches: readonly { readonly port?: number }[] = []): {
  readonly requestPorts?: readonly number[];
} {
  const ports = matches.flatMap(({ port }) => port ?? []);
  return matches.length > 0 && ports.length === matches.length ? { requestPorts: ports } : {};
}

function routesOf(
  place: string,
  routes: readonly { readonly destination: Destination }[] = [],
): readonly Pick<PlacedDestination, 'path' | 'destination'>[] {
  return routes.map(({ destination }, index) => ({
    path: `${place}.route[${index}].destination`,
    destination,
  }));
}

/** A gateway as `NAMESPACE/NAME`, as VirtualServices mean it: one without a namespace is in theirs. */
export function gatewayName(reference: string, namespace: string): string {
  return reference.includes('/') ? reference : `${namespace}/${reference}`;
}

/** Istio: without gateways a VirtualService is for the sidecars, as if it named the gateway `mesh`. */
export function gatewaysOf({
  gateways = [],
}: Pick<VirtualServiceSpec, 'gateways'>): readonly string[] {
  return gateways.length === 0 ? ['mesh'] : gateways;
}
