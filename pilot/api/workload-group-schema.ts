import { Type } from 'typebox';
import type { Decoded } from './schema.ts';
import { describe, int32, list, message, text, textMap, uint32 } from './schema.ts';
import { workloadEntrySchema } from './workload-entry-schema.ts';

/** The fields of Istio's WorkloadGroup (istio/api networking/v1alpha3/workload_group.proto). */

const header = message('A header of the probe.', {
  name: text('Its name.', { pattern: '^[-_A-Za-z0-9]+$' }),
  value: text('Its value.'),
});

const probe = message('How the readiness of the workload is found out; set one way.', {
  initialDelaySeconds: int32('Seconds before the first probe.', 0),
  timeoutSeconds: int32('Seconds to wait for the answer. Default 1.', 0),
  periodSeconds: int32('Seconds between probes. Default 10.', 0),
  successThreshold: int32('Good answers in a row until it counts as ready. Default 1.', 0),
  failureThreshold: int32('Bad answers in a row until it counts as not ready. Default 3.', 0),
  httpGet: message(
    'Asks by HTTP.',
    {
      path: text('Path to ask for.'),
      port: uint32('Port of the workload.'),
      host: text('Host to ask; the workload by default.'),
      scheme: text('HTTP or HTTPS.'),
      httpHeaders: list('Headers to send.', header),
    },
    ['port'],
  ),
  tcpSocket: message(
    'Opens a connection.',
    { host: text('Host to ask; the workload by default.'), port: uint32('Port of the workload.') },
    ['port'],
  ),
  exec: message(
    'Runs a command.',
    { command: list('The command and its arguments.', Type.String({ minLength: 1 })) },
    ['command'],
  ),
  grpc: message('Asks by the gRPC health protocol.', {
    port: uint32('Port of the workload.'),
    service: text('Service to ask for.'),
  }),
});

const few = { maxProperties: 256 };

export const workloadGroupSchema = message(
  'A template for the WorkloadEntries of workloads that register by themselves.',
  {
    metadata: message('What each entry gets.', {
      labels: { ...textMap('Labels of each entry.'), ...few },
      annotations: { ...textMap('Annotations of each entry.'), ...few },
    }),
    template: describe('What the entries have in common.', workloadEntrySchema),
    probe,
  },
  ['template'],
);

export type WorkloadGroupSpec = Decoded<typeof workloadGroupSchema>;
export type ReadinessProbe = Decoded<typeof probe>;
