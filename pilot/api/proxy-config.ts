import type { FieldError } from './field-error.ts';
import { checkSelector } from './field-rules.ts';
import { ageColumn, defineKind, istioNetworking } from './kind.ts';
import type { ProxyConfigSpec } from './proxy-config-schema.ts';
import { proxyConfigSchema } from './proxy-config-schema.ts';

export const proxyConfig = defineKind({
  ...istioNetworking,
  versions: ['v1beta1'],
  kind: 'ProxyConfig',
  plural: 'proxyconfigs',
  singular: 'proxyconfig',
  shortNames: [],
  description: 'Settings that a proxy reads when it starts.',
  columns: [ageColumn],
  schema: proxyConfigSchema,
  validate: checkProxyConfig,
});

function* checkProxyConfig(spec: ProxyConfigSpec): Iterable<FieldError> {
  if (spec.selector !== undefined) {
    yield* checkSelector('spec.selector.matchLabels', spec.selector.matchLabels);
  }
}
