import type { FieldError } from './field-error.ts';
import { deprecated, forbidden, invalid } from './field-error.ts';
import { checkOneOf, checkSelector } from './field-rules.ts';
import type { PolicyTarget, TargetRef } from './policy-target.ts';

/** Istio allows one way of saying it, labels without wildcards and references within the namespace. */
export function* checkPolicyTarget(path: string, target: PolicyTarget): Iterable<FieldError> {
  yield* checkOneOf(path, target as Readonly<Record<string, unknown>>, [
    'selector',
    'targetRef',
    'targetRefs',
  ]);
  if (target.selector !== undefined) {
    yield* checkSelector(`${path}.selector.matchLabels`, target.selector.matchLabels);
  }
  if (target.targetRef !== undefined) {
    yield* checkTargetRef(`${path}.targetRef`, target.targetRef);
    yield deprecated(`${path}.targetRef`, target.targetRef, 'use targetRefs');
  }
  yield* checkTargetRefs(`${path}.targetRefs`, target.targetRefs);
}

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
