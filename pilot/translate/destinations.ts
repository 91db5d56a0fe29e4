import type { Destination } from '../api/virtual-service-schema.ts';
import { blackHoleCluster, outboundCluster } from '../ir/names.ts';
import type { HashPolicy } from '../ir/route.ts';
import { resolveHostname } from '../model/hostname.ts';
import type { Mesh } from '../model/mesh.ts';
import type { Service } from '../model/service.ts';
import type { Policies } from './policies.ts';
import { translateHashPolicy } from './traffic-policy.ts';

/** What a route's destination means to the callers of one view. */
export interface ResolvedDestination {
  /** The cluster; the black hole when host, port or subset do not exist, so the caller gets 503. */
  readonly cluster: string;
  readonly hash: readonly HashPolicy[];
}

export type Destinations = (
  destination: Destination,
  /** Port of the request: taken when the destination names none and has several. */
  port: number,
) => ResolvedDestination;

export function indexDestinations(
  mesh: Pick<Mesh, 'services'>,
  policies: Policies,
  domain: string,
): Destinations {
  const isService = (hostname: string): boolean => mesh.services.has(hostname);
  return (destination, requestPort) => {
    const hostname = resolveHostname(destination.host, domain, isService);
    const port = portOf(mesh.services.get(hostname), destination, requestPort);
    const { subset } = destination;
    const known =
      subset === undefined ||
      policies.subsets(hostname).some((candidate) => candidate.name === subset);
    if (port === undefined || !known) return { cluster: blackHoleCluster, hash: [] };
    return {
      cluster: outboundCluster(hostname, port, subset),
      hash: translateHashPolicy(policies.policy(hostname, port, subset)),
    };
  };
}

/** The port named, else the only one, else that of the request. Undefined when the service lacks it. */
function portOf(
  service: Service | undefined,
  destination: Destination,
  requestPort: number,
): number | undefined {
  const ports = service?.ports.map((port) => port.number) ?? [];
  const wanted = destination.port?.number ?? (ports.length === 1 ? ports[0] : requestPort);
  return ports.find((port) => port === wanted);
}
