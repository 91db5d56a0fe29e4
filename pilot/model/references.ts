import type { Problem } from '../../kit/problem.ts';
import type { Destination, VirtualServiceSpec } from '../api/virtual-service-schema.ts';
import { coversHostname, resolveHostname } from './hostname.ts';
import type { Mesh, Rule } from './mesh.ts';

/**
 * References of rules that lead nowhere: such a route answers 503, and its author should know why. They are
 * warnings, because the service or subset may come later.
 */
export function checkReferences(mesh: Mesh, domain: string): readonly Problem[] {
  return mesh.virtualServices.flatMap((rule) =>
    destinationsOf(rule.spec).flatMap(({ path, destination }) => {
      const message = missing(mesh, destination, domain);
      if (message === undefined) return [];
      return [{ ...message, severity: 'warning', resource: nameOf(rule), path } as const];
    }),
  );
}

function nameOf({ namespace, name }: Rule<unknown>): string {
  return `VirtualService ${namespace}/${name}`;
}

function missing(
  mesh: Mesh,
  { host, subset, port }: Destination,
  domain: string,
): { readonly code: string; readonly message: string } | undefined {
  const hostname = resolveHostname(host, domain, (candidate) => mesh.services.has(candidate));
  const service = mesh.services.get(hostname);
  if (service === undefined) {
    return {
      code: 'W_HOST_UNKNOWN',
      message: `host "${host}" is no service of the mesh; callers get 503. Check the name, or start the service`,
    };
  }
  const numbers = service.ports.map(({ number }) => number);
  if (port?.number !== undefined && !numbers.includes(port.number)) {
    return {
      code: 'W_PORT_UNKNOWN',
      message: `${hostname} has no port ${port.number}, only ${numbers.join(', ')}; callers get 503`,
    };
  }
  if (subset === undefined || subsetsOf(mesh, hostname).includes(subset)) return undefined;
  return {
    code: 'W_SUBSET_UNKNOWN',
    message: `no DestinationRule for ${hostname} has subset "${subset}"; callers get 503. Add the subset, or correct its name`,
  };
}

function subsetsOf(mesh: Mesh, hostname: string): readonly string[] {
  return mesh.destinationRules
    .filter(({ hosts }) => hosts.some((host) => coversHostname(host, hostname)))
    .flatMap(({ spec }) => spec.subsets ?? [])
    .map(({ name }) => name);
}

interface PlacedDestination {
  readonly path: string;
  readonly destination: Destination;
}

function destinationsOf(spec: VirtualServiceSpec): readonly PlacedDestination[] {
  const http = (spec.http ?? []).flatMap((route, index) => [
    ...routesOf(`spec.http[${index}]`, route.route),
    ...(route.mirror === undefined
      ? []
      : [{ path: `spec.http[${index}].mirror`, destination: route.mirror }]),
    ...(route.mirrors ?? []).map(({ destination }, mirror) => ({
      path: `spec.http[${index}].mirrors[${mirror}].destination`,
      destination,
    })),
  ]);
  const tcp = (spec.tcp ?? []).flatMap(({ route }, index) => routesOf(`spec.tcp[${index}]`, route));
  return [...http, ...tcp];
}

function routesOf(
  place: string,
  routes: readonly { readonly destination: Destination }[] = [],
): readonly PlacedDestination[] {
  return routes.map(({ destination }, index) => ({
    path: `${place}.route[${index}].destination`,
    destination,
  }));
}
