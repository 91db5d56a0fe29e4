import { Type } from 'typebox';
import type { Decoded } from './schema.ts';
import { choice, describe, keyedList, list, message, text, texts, uint32 } from './schema.ts';
import { workloadEntrySchema } from './workload-entry-schema.ts';
import { workloadSelector } from './workload-selector.ts';

/** The fields of Istio's ServiceEntry (istio/api networking/v1alpha3/service_entry.proto). */

const servicePort = message(
  'A port of the service.',
  {
    number: uint32('Port number, 1 to 65535.'),
    name: text('Name of the port.', { maxLength: 256 }),
    protocol: text('HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP or TLS; found out when missing.', {
      maxLength: 256,
    }),
    targetPort: uint32('Port of the endpoints, where it differs.'),
  },
  ['number', 'name'],
);

export const serviceEntrySchema = message(
  'A service that no catalogue knows.',
  {
    hosts: list('Names of the service.', Type.String(), { minItems: 1, maxItems: 256 }),
    addresses: list('Virtual addresses of the service.', Type.String({ maxLength: 64 }), {
      maxItems: 256,
    }),
    ports: keyedList('Ports of the service.', 'name', servicePort, { maxItems: 256 }),
    location: choice('Whether the service is part of the mesh.', [
      'MESH_EXTERNAL',
      'MESH_INTERNAL',
    ]),
    resolution: choice('How the addresses of its endpoints are found. Default NONE.', [
      'NONE',
      'STATIC',
      'DNS',
      'DNS_ROUND_ROBIN',
      'DYNAMIC_DNS',
    ]),
    endpoints: list('Its endpoints.', workloadEntrySchema, { maxItems: 4096 }),
    workloadSelector: describe('Takes WorkloadEntries as endpoints.', workloadSelector),
    exportTo: texts('Namespaces that see it: names, . for its own, * for all (default).'),
    subjectAltNames: texts('Names that the certificates of its endpoints may have.'),
  },
  ['hosts'],
);

export type ServiceEntrySpec = Decoded<typeof serviceEntrySchema>;
