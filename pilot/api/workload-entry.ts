import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { checkWorkload } from './workload-entry-rules.ts';
import { workloadEntrySchema } from './workload-entry-schema.ts';

export const workloadEntry = defineKind({
  ...istioNetworking,
  kind: 'WorkloadEntry',
  plural: 'workloadentries',
  singular: 'workloadentry',
  shortNames: ['we'],
  description: 'A workload outside the catalogue, such as a virtual machine.',
  columns: [
    ageColumn,
    {
      name: 'Address',
      type: 'string',
      description: 'Address of the workload.',
      path: 'spec.address',
    },
  ],
  schema: workloadEntrySchema,
  validate: (spec) => checkWorkload('spec', spec),
});
