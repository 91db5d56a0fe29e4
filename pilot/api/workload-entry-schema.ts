import { Type } from 'typebox';
import type { Decoded } from './schema.ts';
import { mapOf, message, text, textMap, uint32 } from './schema.ts';

/** Istio's WorkloadEntry (istio/api networking/v1alpha3/workload_entry.proto): also an endpoint of a ServiceEntry. */
export const workloadEntrySchema = message('A workload outside the catalogue, or one endpoint.', {
  address: Type.String({
    maxLength: 256,
    description: 'IP address, DNS name (with DNS resolution) or unix:///path of the workload.',
  }),
  ports: {
    ...mapOf('Name of a service port → port of the workload, where they differ.', uint32('')),
    maxProperties: 128,
  },
  labels: { ...textMap('Labels that selectors and subsets match.'), maxProperties: 256 },
  network: text('Network of the workload.', { maxLength: 2048 }),
  locality: text('Locality as region/zone/subzone.', { maxLength: 2048 }),
  weight: uint32('Share of the traffic in proportion to the other endpoints.'),
  serviceAccount: text('Identity of the workload.', { maxLength: 253 }),
});

export type WorkloadEntrySpec = Decoded<typeof workloadEntrySchema>;
