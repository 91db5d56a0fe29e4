import { message, textMap } from './schema.ts';

/** Istio's WorkloadSelector of the networking kinds (istio/api networking/v1alpha3/sidecar.proto). */
export const workloadSelector = message(
  'Workloads it holds for; without it, all of the namespace.',
  {
    labels: {
      ...textMap('Labels that the workload must have.', { maxLength: 63 }),
      maxProperties: 256,
    },
  },
);
