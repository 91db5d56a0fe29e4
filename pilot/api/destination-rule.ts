import type { DestinationRuleSpec } from './destination-rule-schema.ts';
import { destinationRuleSchema } from './destination-rule-schema.ts';
import type { FieldError } from './field-error.ts';
import { duplicate, forbidden } from './field-error.ts';
import {
  checkExportTo,
  checkHost,
  checkLabels,
  checkSelector,
  checkSubsetName,
} from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import type { ObjectMeta } from './resource.ts';
import { checkTrafficPolicy } from './traffic-policy-rules.ts';

export const destinationRule = defineKind({
  ...istioNetworking,
  kind: 'DestinationRule',
  plural: 'destinationrules',
  singular: 'destinationrule',
  shortNames: ['dr'],
  description: 'How the clients of a service call it, after routing.',
  columns: [
    {
      name: 'Host',
      type: 'string',
      description: 'Name of the service.',
      path: 'spec.host',
    },
    ageColumn,
  ],
  schema: destinationRuleSchema,
  validate: checkDestinationRule,
});

function* checkDestinationRule(
  spec: DestinationRuleSpec,
  metadata: ObjectMeta,
): Iterable<FieldError> {
  yield* checkHost('spec.host', spec.host);
  yield* checkTrafficPolicy('spec.trafficPolicy', spec.trafficPolicy);
  const names = (spec.subsets ?? []).map(({ name }) => name);
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const path = `spec.subsets[${index}]`;
    yield* checkSubsetName(`${path}.name`, subset.name);
    if (names.indexOf(subset.name) !== index) yield duplicate(`${path}.name`, subset.name);
    yield* checkLabels(`${path}.labels`, subset.labels);
    yield* checkTrafficPolicy(`${path}.trafficPolicy`, subset.trafficPolicy);
  }
  yield* checkExportTo('spec.exportTo', spec.exportTo, metadata);
  if (spec.workloadSelector !== undefined) yield* checkWorkloadSelector(spec, metadata);
}

function* checkWorkloadSelector(
  spec: DestinationRuleSpec,
  { namespace }: ObjectMeta,
): Iterable<FieldError> {
  yield* checkSelector('spec.workloadSelector.matchLabels', spec.workloadSelector?.matchLabels);
  if ((spec.exportTo ?? []).some((entry) => entry !== '.' && entry !== namespace)) {
    yield forbidden('spec.exportTo', 'a rule with a workloadSelector holds in its own namespace');
  }
}
