import { findCelFault } from './cel-expression.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required } from './field-error.ts';
import { checkDuration, checkOneOf } from './field-rules.ts';
import { ageColumn, defineKind } from './kind.ts';
import { checkPolicyTarget } from './policy-target-rules.ts';
import type { MetricsOverride, TelemetrySpec, Tracing } from './telemetry-schema.ts';
import { telemetrySchema } from './telemetry-schema.ts';

export const telemetry = defineKind({
  group: 'telemetry.istio.io',
  versions: ['v1', 'v1alpha1'],
  categories: ['istio-io', 'telemetry-istio-io'],
  kind: 'Telemetry',
  plural: 'telemetries',
  singular: 'telemetry',
  shortNames: ['telemetry'],
  description: 'What the proxies record of calls.',
  columns: [ageColumn],
  schema: telemetrySchema,
  validate: checkTelemetry,
});

function* checkTelemetry(spec: TelemetrySpec): Iterable<FieldError> {
  const { tracing = [], metrics = [], accessLogging = [] } = spec;
  yield* checkPolicyTarget('spec', spec);
  if (tracing.length > 1) {
    yield asWarning(forbidden('spec.tracing', 'only the first one counts; remove the others'));
  }
  for (const [index, entry] of tracing.entries()) {
    yield* checkTracing(`spec.tracing[${index}]`, entry);
  }
  for (const [index, entry] of metrics.entries()) {
    const path = `spec.metrics[${index}]`;
    for (const [at, override] of (entry.overrides ?? []).entries()) {
      yield* checkOverride(`${path}.overrides[${at}]`, override);
    }
    yield* checkDuration(`${path}.reportingInterval`, entry.reportingInterval);
  }
  for (const [index, { filter }] of accessLogging.entries()) {
    yield* checkExpression(`spec.accessLogging[${index}].filter.expression`, filter?.expression);
  }
}

const sources = ['literal', 'environment', 'header', 'formatter'] as const;

function* checkTracing(path: string, tracing: Tracing): Iterable<FieldError> {
  if ((tracing.providers ?? []).length > 1) {
    const detail = 'only the first one counts; remove the others';
    yield asWarning(forbidden(`${path}.providers`, detail));
  }
  for (const [name, tag] of Object.entries(tracing.customTags ?? {})) {
    const place = `${path}.customTags[${name}]`;
    if (name === '') yield invalid(`${path}.customTags`, name, 'must not have an empty name');
    yield* checkOneOf(place, tag, sources);
    if (sources.every((source) => tag[source] === undefined)) {
      yield asWarning(required(place, `write one of ${sources.join(', ')}`));
    }
  }
}

function* checkOverride(path: string, override: MetricsOverride): Iterable<FieldError> {
  yield* checkOneOf(`${path}.match`, override.match, ['metric', 'customMetric']);
  for (const [name, { operation = 'UPSERT', value }] of Object.entries(
    override.tagOverrides ?? {},
  )) {
    const place = `${path}.tagOverrides[${name}].value`;
    if (operation === 'UPSERT' && (value ?? '') === '') {
      yield required(place, 'operation UPSERT needs it');
    } else if (operation === 'REMOVE' && value !== undefined) {
      yield forbidden(place, 'operation REMOVE takes none; remove it');
    }
  }
}

function* checkExpression(path: string, expression: string | undefined): Iterable<FieldError> {
  const fault = expression === undefined ? undefined : findCelFault(expression);
  if (fault !== undefined) yield invalid(path, expression, `must be a CEL expression: ${fault}`);
}
