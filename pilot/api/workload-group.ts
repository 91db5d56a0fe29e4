import type { FieldError } from './field-error.ts';
import { invalid, required, unsupported } from './field-error.ts';
import { checkLabels, checkOneOf, checkPort } from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import { checkWorkload } from './workload-entry-rules.ts';
import type { ReadinessProbe, WorkloadGroupSpec } from './workload-group-schema.ts';
import { workloadGroupSchema } from './workload-group-schema.ts';

export const workloadGroup = defineKind({
  ...istioNetworking,
  kind: 'WorkloadGroup',
  plural: 'workloadgroups',
  singular: 'workloadgroup',
  shortNames: ['wg'],
  description: 'A template for the WorkloadEntries of workloads that register by themselves.',
  columns: [ageColumn],
  schema: workloadGroupSchema,
  validate: checkWorkloadGroup,
});

function* checkWorkloadGroup(spec: WorkloadGroupSpec): Iterable<FieldError> {
  yield* checkLabels('spec.metadata.labels', spec.metadata?.labels);
  // An entry made from the template gets its address when the workload registers.
  const address = spec.template.address ?? '';
  for (const error of checkWorkload('spec.template', spec.template)) {
    if (address !== '' || error.path !== 'spec.template.address') yield error;
  }
  if (spec.probe !== undefined) yield* checkProbe('spec.probe', spec.probe);
}

const methods = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const;

function* checkProbe(path: string, probe: ReadinessProbe): Iterable<FieldError> {
  yield* checkOneOf(path, probe, methods);
  if (methods.every((name) => probe[name] === undefined)) {
    yield required(path, `write one of ${methods.join(', ')}`);
  }
  yield* checkHttpProbe(`${path}.httpGet`, probe.httpGet);
  yield* checkPort(`${path}.tcpSocket.port`, probe.tcpSocket?.port);
  yield* checkPort(`${path}.grpc.port`, probe.grpc?.port);
  if (probe.exec?.command.length === 0) {
    yield required(`${path}.exec.command`, 'write a command');
  }
}

function* checkHttpProbe(path: string, probe: ReadinessProbe['httpGet']): Iterable<FieldError> {
  if (probe === undefined) return;
  const { scheme = '', httpHeaders = [], port } = probe;
  if (!['', 'HTTP', 'HTTPS'].includes(scheme)) {
    yield unsupported(`${path}.scheme`, scheme, ['HTTP', 'HTTPS']);
  }
  yield* checkPort(`${path}.port`, port);
  for (const [index, { name = '' }] of httpHeaders.entries()) {
    if (!/^[-A-Za-z0-9]+$/.test(name)) {
      const detail = 'must be a header name of letters, digits and -';
      yield invalid(`${path}.httpHeaders[${index}].name`, name, detail);
    }
  }
}
