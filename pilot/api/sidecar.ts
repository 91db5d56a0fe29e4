import type { FieldError } from './field-error.ts';
import { duplicate, forbidden, required } from './field-error.ts';
import { checkSelector } from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import type { ObjectMeta } from './resource.ts';
import { checkEgressHosts, checkEgressPort } from './sidecar-egress-rules.ts';
import { checkIngress } from './sidecar-ingress-rules.ts';
import type { OutboundTrafficPolicy, SidecarSpec } from './sidecar-schema.ts';
import { sidecarSchema } from './sidecar-schema.ts';
import { checkConnectionPool } from './traffic-policy-rules.ts';
import { checkDestination } from './destination-rules.ts';

export const sidecar = defineKind({
  ...istioNetworking,
  kind: 'Sidecar',
  plural: 'sidecars',
  singular: 'sidecar',
  shortNames: [],
  description: 'What the sidecars of some workloads take and send.',
  columns: [ageColumn],
  schema: sidecarSchema,
  validate: checkSidecar,
});

const parts = ['ingress', 'egress', 'outboundTrafficPolicy', 'inboundConnectionPool'] as const;

function* checkSidecar(spec: SidecarSpec, metadata: ObjectMeta): Iterable<FieldError> {
  const { ingress = [], egress = [] } = spec;
  if (spec.workloadSelector !== undefined) {
    yield* checkSelector('spec.workloadSelector.labels', spec.workloadSelector.labels);
  }
  const isEmpty = parts.every((name) => {
    const part = spec[name];
    return part === undefined || (Array.isArray(part) && part.length === 0);
  });
  if (isEmpty) yield required('spec', `write at least one of ${parts.join(', ')}`);
  yield* checkIngressPorts(spec);
  for (const [index, listener] of ingress.entries()) {
    yield* checkIngress(`spec.ingress[${index}]`, listener);
  }
  yield* checkConnectionPool('spec.inboundConnectionPool', spec.inboundConnectionPool);
  yield* checkEgressPorts(spec);
  for (const [index, listener] of egress.entries()) {
    yield* checkEgressPort(`spec.egress[${index}]`, listener);
    yield* checkEgressHosts(
      `spec.egress[${index}].hosts`,
      listener.hosts,
      metadata.namespace ?? '',
    );
  }
  yield* checkOutbound('spec.outboundTrafficPolicy', spec.outboundTrafficPolicy);
}

function* checkIngressPorts({ ingress = [] }: SidecarSpec): Iterable<FieldError> {
  const numbers = ingress.map(({ port }) => port.number ?? 0);
  for (const [index, number] of numbers.entries()) {
    if (numbers.indexOf(number) !== index) {
      yield duplicate(`spec.ingress[${index}].port.number`, number);
    }
  }
}

/** Listeners differ by port, or by socket; only the last one may leave the port out and take the rest. */
function* checkEgressPorts({ egress = [] }: SidecarSpec): Iterable<FieldError> {
  const seen = new Set<string>();
  for (const [index, { port, bind = '' }] of egress.entries()) {
    const path = `spec.egress[${index}]`;
    if (port === undefined) {
      if (index < egress.length - 1) {
        yield required(`${path}.port`, 'only the last listener may be without one');
      }
      continue;
    }
    const { number = 0 } = port;
    const place = number === 0 ? bind : String(number);
    if (seen.has(place)) yield duplicate(number === 0 ? `${path}.bind` : `${path}.port`, place);
    seen.add(place);
  }
}

function* checkOutbound(
  path: string,
  policy: OutboundTrafficPolicy | undefined,
): Iterable<FieldError> {
  const proxy = policy?.egressProxy;
  if (proxy === undefined) return;
  if (policy?.mode !== 'ALLOW_ANY') {
    yield forbidden(`${path}.egressProxy`, 'needs mode ALLOW_ANY; set it');
    return;
  }
  if (proxy.port === undefined) yield required(`${path}.egressProxy.port`, 'write its number');
  yield* checkDestination(`${path}.egressProxy`, proxy);
}
