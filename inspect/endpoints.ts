import type { Table } from './table.ts';
import { OperationError } from '../kit/errors.ts';
import { compare } from './clusters.ts';
import {
  type DumpSections,
  type DumpedResource,
  type EnvoyJson,
  at,
  listAt,
  readAddress,
  textAt,
} from './dump-sections.ts';

export interface EndpointFilter {
  readonly address?: string;
  readonly port?: number;
  readonly cluster?: string;
  readonly status?: string;
}

export interface EndpointRow {
  readonly address: string;
  readonly port: number;
  readonly status: string;
  /** Whether outlier detection has put it out for now. */
  readonly ejected: boolean;
  readonly weight: number;
  readonly cluster: string;
  /** As Envoy gives it. */
  readonly raw: EnvoyJson;
}

/** The hosts of `/clusters?format=json` (envoy.admin.v3.Clusters). Throws OperationError `E_CONFIG_DUMP`. */
export function readClusterStatuses(text: string): readonly EndpointRow[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OperationError('E_CONFIG_DUMP', 'Envoy gives no list of its clusters', { cause });
  }
  return listAt(value, 'cluster_statuses').flatMap((cluster) =>
    listAt(cluster, 'host_statuses').flatMap((host) => {
      const place = readAddress(host['address']);
      if (place === undefined) return [];
      const health = host['health_status'];
      return [
        {
          ...place,
          status: statusOf(health),
          ejected: at(health, 'failed_outlier_check') === true,
          weight: Number(textAt(host, 'weight') ?? 1),
          cluster: textAt(cluster, 'name') ?? '',
          raw: host,
        },
      ];
    }),
  );
}

/** The endpoints in a dump, for one that was saved: without what outlier detection thinks of them. */
export function readDumpedEndpoints({ endpoints }: DumpSections): readonly EndpointRow[] {
  return endpoints.flatMap(({ name, config }) => endpointsOf(name, config));
}

/** The endpoints of a ClusterLoadAssignment. */
export function endpointsOf(cluster: string, config: EnvoyJson): readonly EndpointRow[] {
  return listAt(config, 'endpoints')
    .flatMap((locality) => listAt(locality, 'lb_endpoints'))
    .flatMap((member) => {
      const place = readAddress(at(member, 'endpoint', 'address'));
      if (place === undefined) return [];
      return [
        {
          ...place,
          status: textAt(member, 'health_status') ?? 'HEALTHY',
          ejected: false,
          weight: Number(textAt(member, 'load_balancing_weight') ?? 1),
          cluster,
          raw: member,
        },
      ];
    });
}

export function filterEndpoints(
  rows: readonly EndpointRow[],
  { address, port, cluster, status }: EndpointFilter,
): readonly EndpointRow[] {
  return rows.filter(
    (row) =>
      (address === undefined || row.address === address) &&
      (port === undefined || row.port === port) &&
      (cluster === undefined || row.cluster === cluster) &&
      (status === undefined || row.status === status.toUpperCase()),
  );
}

export function tableOfEndpoints(rows: readonly EndpointRow[]): Table {
  return {
    columns: ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'],
    rows: [...rows]
      .sort((left, right) =>
        compare(
          [left.address, left.port, left.cluster],
          [right.address, right.port, right.cluster],
        ),
      )
      .map(({ address, port, status, ejected, cluster }) => [
        port === 0 ? address : `${address}:${port}`,
        status,
        ejected ? 'FAILED' : 'OK',
        cluster,
      ]),
  };
}

/** Envoy's own checks before what pilot says (envoy.admin.v3.HostHealthStatus). */
function statusOf(health: unknown): string {
  if (at(health, 'failed_active_health_check') === true) return 'UNHEALTHY';
  return textAt(health, 'eds_health_status') ?? 'HEALTHY';
}

/** For comparison: what of the endpoints of a cluster matters to traffic. */
export function placesOf({ name, config }: DumpedResource): readonly string[] {
  return endpointsOf(name, config)
    .map(({ address, port, weight, status }) => `${address}:${port} weight ${weight} ${status}`)
    .sort();
}
