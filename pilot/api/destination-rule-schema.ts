import { matchLabelsSelector } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { describe, list, message, text, textMap, texts } from './schema.ts';
import { describeTrafficPolicy } from './traffic-policy.ts';

/** The fields of Istio's DestinationRule (istio/api networking/v1alpha3/destination_rule.proto). */

const subset = message(
  'A part of the endpoints of the service, such as one version.',
  {
    name: text('Name by which routes refer to it.'),
    labels: textMap('Labels that the endpoints must have.'),
    trafficPolicy: describeTrafficPolicy('Overrides the policy of the service.'),
  },
  ['name'],
);

export const destinationRuleSchema = message(
  'How the clients of a service call it, after routing.',
  {
    host: text('Name of the service, such as reviews or *.service.consul.'),
    trafficPolicy: describeTrafficPolicy('How the service is called.'),
    subsets: list('Named parts of the service.', subset),
    exportTo: texts('Namespaces that see the rule: names, . for its own, * for all (default).'),
    workloadSelector: describe('Limits the rule to some clients.', matchLabelsSelector),
  },
  ['host'],
);

export type DestinationRuleSpec = Decoded<typeof destinationRuleSchema>;
export type Subset = Decoded<typeof subset>;
