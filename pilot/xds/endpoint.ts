import type { EndpointSet, LocalityEndpoints } from '../ir/endpoint.ts';
import type { LocalityLbEndpoints } from '../proto/generated/envoy/config/endpoint/v3/endpoint_components_pb.js';
import type { Init } from '../proto/init.ts';
import { ClusterLoadAssignmentSchema } from '../proto/messages.ts';
import { encode } from '../proto/writer.ts';
import { memberAddress } from './values.ts';

/** The bytes of an envoy.config.endpoint.v3.ClusterLoadAssignment. */
export function encodeEndpoints({ cluster, localities }: EndpointSet): Uint8Array {
  return encode(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    endpoints: localities.map(toLocality),
  });
}

function toLocality({ locality, endpoints }: LocalityEndpoints): Init<LocalityLbEndpoints> {
  const [region, zone, subZone] = locality?.split('/') ?? [];
  const weight = endpoints.reduce((sum, endpoint) => sum + (endpoint.weight ?? 1), 0);
  return {
    locality: locality === undefined ? undefined : { region, zone, subZone },
    loadBalancingWeight: weight,
    lbEndpoints: endpoints.map((endpoint) => ({
      hostIdentifier: {
        case: 'endpoint',
        value: { address: memberAddress(endpoint) },
      },
      loadBalancingWeight: endpoint.weight,
    })),
  };
}
