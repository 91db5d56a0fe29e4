import type { Decoded } from './schema.ts';
import { describe, list, message, text, textMap } from './schema.ts';

/**
 * What a policy holds for: fields that the kinds of security.istio.io, telemetry.istio.io and
 * extensions.istio.io share (istio/api type/v1beta1/selector.proto).
 */

const selectorLimits = { maxProperties: 4096 };

/** Workloads by their labels. */
export const matchLabelsSelector = message(
  'Workloads it holds for; without it, all of the namespace.',
  {
    matchLabels: {
      ...textMap('Labels that the workload must have.', { maxLength: 63 }),
      ...selectorLimits,
    },
  },
);

const group = '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const kind = '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$';

const targetRef = message(
  'An object that it holds for.',
  {
    group: text('Group of its kind; empty for the core group.', { maxLength: 253, pattern: group }),
    kind: text('Its kind.', { minLength: 1, maxLength: 63, pattern: kind }),
    name: text('Its name.', { minLength: 1, maxLength: 253 }),
    namespace: text('Must be left out: references to other namespaces are not supported.'),
  },
  ['kind', 'name'],
);

export type TargetRef = Decoded<typeof targetRef>;

export const targetRefs = list('Objects it holds for, instead of a selector.', targetRef, {
  maxItems: 16,
});

/** Fields by which a policy says what it holds for. */
export const policyTarget = {
  selector: matchLabelsSelector,
  targetRef: describe('Deprecated: use targetRefs.', targetRef),
  targetRefs,
};

export interface PolicyTarget {
  readonly selector?: Decoded<typeof matchLabelsSelector>;
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
}
