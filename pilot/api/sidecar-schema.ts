import type { Decoded } from './schema.ts';
import { choice, describe, list, message, text, texts, uint32 } from './schema.ts';
import { serverTlsSchema } from './server-tls.ts';
import { connectionPoolSchema } from './traffic-policy.ts';
import { destination } from './virtual-service-schema.ts';
import { workloadSelector } from './workload-selector.ts';

/** The fields of Istio's Sidecar (istio/api networking/v1alpha3/sidecar.proto). */

const port = message('A port of the proxy.', {
  number: uint32('Port number, 1 to 65535; 0 for a unix socket.'),
  protocol: text('HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS.'),
  name: text('Name of the port.'),
  targetPort: uint32('Has no effect at a sidecar.'),
});

const captureMode = choice('How traffic comes to the listener. Default DEFAULT.', [
  'DEFAULT',
  'IPTABLES',
  'NONE',
]);

const ingress = message(
  'A port of the workload and how its calls are taken.',
  {
    port,
    bind: text('Address to listen at.'),
    captureMode,
    defaultEndpoint: text('Where calls go: 127.0.0.1:PORT, [::1]:PORT or unix:///PATH.'),
    tls: serverTlsSchema,
    connectionPool: describe('Limits for this port.', connectionPoolSchema),
  },
  ['port'],
);

const egress = message(
  'What the workload may call through one listener.',
  {
    port,
    bind: text('Address to listen at, or unix:///PATH.'),
    captureMode,
    hosts: texts('Services it may call, as NAMESPACE/NAME with optional wildcards.'),
  },
  ['hosts'],
);

const outboundTrafficPolicy = message('What happens to calls to unknown hosts.', {
  mode: choice('REGISTRY_ONLY refuses them, ALLOW_ANY lets them out.', [
    'REGISTRY_ONLY',
    'ALLOW_ANY',
  ]),
  egressProxy: describe('A service that takes them all, instead.', destination),
});

export const sidecarSchema = message('What the sidecars of some workloads take and send.', {
  workloadSelector,
  ingress: list('Ports of the workload; all of its services by default.', ingress),
  egress: list('What it may call; everything by default.', egress),
  inboundConnectionPool: describe('Limits for all ports of the workload.', connectionPoolSchema),
  outboundTrafficPolicy,
});

export type SidecarSpec = Decoded<typeof sidecarSchema>;
export type SidecarIngress = Decoded<typeof ingress>;
export type SidecarEgress = Decoded<typeof egress>;
export type OutboundTrafficPolicy = Decoded<typeof outboundTrafficPolicy>;
