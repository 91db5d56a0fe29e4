import { policyTarget } from './policy-target.ts';
import type { Decoded } from './schema.ts';
import { choice, decimal, duration, flag, list, mapOf, message, text } from './schema.ts';

/** The fields of Istio's Telemetry (istio/api telemetry/v1alpha1/telemetry.proto). */

const some = { minLength: 1 };
const modes = ['CLIENT_AND_SERVER', 'CLIENT', 'SERVER'] as const;
const mode = choice('Which side of a call it is about. Default both.', modes);

const providers = list(
  'Who gets it; the default providers of the mesh without it.',
  message('A provider.', { name: text('Name of an extension provider of the mesh.', some) }, [
    'name',
  ]),
);

const name = text('Its name.', some);
const defaultValue = text('Value when there is none.');

const customTag = message('Where the value of a tag comes from; set one.', {
  literal: message('A fixed value.', { value: text('The value.', some) }, ['value']),
  environment: message('A variable of the proxy.', { name, defaultValue }, ['name']),
  header: message('A header of the request.', { name, defaultValue }, ['name']),
  formatter: message('A format of access logs.', { value: text('The format.', some) }, ['value']),
});

const tracing = message('Which spans are recorded.', {
  match: message('Which calls it is about.', { mode }),
  providers,
  randomSamplingPercentage: decimal('Share of requests to trace, in percent.', {
    minimum: 0,
    maximum: 100,
  }),
  disableSpanReporting: flag('Whether spans are kept back.'),
  customTags: mapOf('Name of a tag → its value.', customTag),
  enableIstioTags: flag('Whether the tags of Istio are added.'),
  useRequestIdForTraceSampling: flag('Whether the request id decides what is traced.'),
  disableContextPropagation: flag('Whether the trace is left out of forwarded requests.'),
});

const override = message('A change of metrics.', {
  match: message('Which metrics it is about; set metric or customMetric.', {
    metric: choice('A metric of Istio. Default ALL_METRICS.', [
      'ALL_METRICS',
      'REQUEST_COUNT',
      'REQUEST_DURATION',
      'REQUEST_SIZE',
      'RESPONSE_SIZE',
      'TCP_OPENED_CONNECTIONS',
      'TCP_CLOSED_CONNECTIONS',
      'TCP_SENT_BYTES',
      'TCP_RECEIVED_BYTES',
      'GRPC_REQUEST_MESSAGES',
      'GRPC_RESPONSE_MESSAGES',
    ]),
    customMetric: text('Name of another metric.', some),
    mode,
  }),
  disabled: flag('Whether they are left out.'),
  tagOverrides: mapOf(
    'Name of a tag → its change.',
    message('A change of a tag.', {
      operation: choice('Whether it is set or removed. Default UPSERT.', ['UPSERT', 'REMOVE']),
      value: text('CEL expression for its value.'),
    }),
  ),
});

const metrics = message('Which metrics are recorded.', {
  providers,
  overrides: list('Changes, in order.', override),
  reportingInterval: duration('Time between reports of TCP metrics. Default 5s.'),
});

const accessLogging = message('Which calls are logged.', {
  match: message('Which calls it is about.', { mode }),
  providers,
  disabled: flag('Whether nothing is logged.'),
  filter: message('Which of them are logged.', {
    expression: text('CEL expression, such as response.code >= 400.'),
  }),
});

export const telemetrySchema = message('What the proxies record of calls.', {
  ...policyTarget,
  tracing: list('Spans.', tracing),
  metrics: list('Metrics.', metrics),
  accessLogging: list('Access logs.', accessLogging),
});

export type TelemetrySpec = Decoded<typeof telemetrySchema>;
export type Tracing = Decoded<typeof tracing>;
export type MetricsOverride = Decoded<typeof override>;
