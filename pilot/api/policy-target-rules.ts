import type { FieldError } from './field-error.ts';
import { forbidden, invalid } from './field-error.ts';
import type { TargetRef } from './policy-target.ts';

export function* checkTargetRefs(
  path: string,
  references: readonly TargetRef[] | undefined,
): Iterable<FieldError> {
  for (const [index, reference] of (references ?? []).entries()) {
    yield* checkTargetRef(`${path}[${index}]`, reference);
  }
}

/** What Istio lets policies refer to. */
const targets = [
  'Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
];

function* checkTargetRef(path: string, reference: TargetRef): Iterable<FieldError> {
  const { group = '', kind, namespace = '' } = reference;
  if (namespace !== '') {
    yield forbidden(`${path}.namespace`, 'only objects of the same namespace; leave it out');
  }
  const target = ['', 'core'].includes(group) ? kind : `${group}/${kind}`;
  if (!targets.includes(target)) {
    yield invalid(path, target, `must refer to one of ${targets.join(', ')}`);
  }
}
