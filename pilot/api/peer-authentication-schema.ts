import { matchLabelsSelector } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { choice, describe, mapOf, message } from './schema.ts';

/** The fields of Istio's PeerAuthentication (istio/api security/v1beta1/peer_authentication.proto). */

const mutualTls = message('Whether callers must use the TLS of the mesh.', {
  mode: choice('STRICT demands it, PERMISSIVE takes both, DISABLE takes plain text only.', [
    'UNSET',
    'DISABLE',
    'PERMISSIVE',
    'STRICT',
  ]),
});

export const peerAuthenticationSchema = message('What TLS the callers of workloads must use.', {
  selector: matchLabelsSelector,
  mtls: describe('For all ports.', mutualTls),
  portLevelMtls: {
    ...mapOf('For single ports: port of the workload → mode.', mutualTls),
    minProperties: 1,
  },
});

export type PeerAuthenticationSpec = Decoded<typeof peerAuthenticationSchema>;
