import { type Message, fromBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { HttpConnectionManagerSchema, TcpProxySchema } from '../../pilot/proto/extensions.ts';
import type { Cluster } from '../../pilot/proto/generated/envoy/config/cluster/v3/cluster_pb.js';
import type { Listener } from '../../pilot/proto/generated/envoy/config/listener/v3/listener_pb.js';
import type { RouteConfiguration } from '../../pilot/proto/generated/envoy/config/route/v3/route_pb.js';
import {
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  Cluster_DiscoveryTypeValues,
  ListenerSchema,
  RouteConfigurationSchema,
} from '../../pilot/proto/messages.ts';
import type { Bundle, Snapshot } from '../../pilot/xds/resource.ts';

/**
 * What is wrong with a snapshot as a whole, one line each: a reference that leads nowhere, a name given twice.
 * Reads the bytes, as a proxy does, so that it judges what is sent and not what was meant.
 */
export function checkSnapshot(snapshot: Snapshot): readonly string[] {
  const clusters = decodeAll(ClusterSchema, snapshot.cluster);
  const listeners = decodeAll(ListenerSchema, snapshot.listener);
  const tables = decodeAll(RouteConfigurationSchema, snapshot.route);
  const members = decodeAll(ClusterLoadAssignmentSchema, snapshot.endpoint);
  const clusterNames = new Set(clusters.map(({ name }) => name));
  const tableNames = new Set(tables.map(({ name }) => name));
  const memberNames = new Set(members.map(({ clusterName }) => clusterName));
  return [
    ...tables.flatMap((table) =>
      clustersOfTable(table).map((name) => [`route table ${table.name}`, name] as const),
    ),
    ...listeners.flatMap((listener) =>
      clustersOfListener(listener).map((name) => [`listener ${listener.name}`, name] as const),
    ),
  ]
    .filter(([, name]) => !clusterNames.has(name))
    .map(([place, name]) => `${place} names cluster "${name}", which does not exist`)
    .concat(
      listeners.flatMap((listener) =>
        tablesOfListener(listener)
          .filter((name) => !tableNames.has(name))
          .map(
            (name) => `listener ${listener.name} names route table "${name}", which does not exist`,
          ),
      ),
      clusters
        .filter(usesEds)
        .filter(({ name }) => !memberNames.has(name))
        .map(({ name }) => `cluster ${name} has no endpoints resource`),
      [...memberNames]
        .filter((name) => !clusterNames.has(name))
        .map((name) => `endpoints ${name} belong to no cluster`),
      tables.flatMap(repeatedDomains),
      listeners.flatMap(wrongChains),
    );
}

function decodeAll<T extends Message>(schema: GenMessage<T>, bundle: Bundle): readonly T[] {
  return [...bundle.resources.values()].map(({ value }) => fromBinary(schema, value));
}

function usesEds({ clusterDiscoveryType }: Cluster): boolean {
  return (
    clusterDiscoveryType.case === 'type' &&
    clusterDiscoveryType.value === Cluster_DiscoveryTypeValues.EDS
  );
}

function clustersOfTable(table: RouteConfiguration): readonly string[] {
  return table.virtualHosts
    .flatMap(({ routes }) => routes)
    .flatMap(({ action }) => {
      if (action.case !== 'route') return [];
      const { clusterSpecifier, requestMirrorPolicies } = action.value;
      const mirrors = requestMirrorPolicies.map(({ cluster }) => cluster);
      if (clusterSpecifier.case === 'cluster') return [clusterSpecifier.value, ...mirrors];
      if (clusterSpecifier.case !== 'weightedClusters') return mirrors;
      return [...clusterSpecifier.value.clusters.map(({ name }) => name), ...mirrors];
    });
}

function filtersOf(
  listener: Listener,
): readonly { readonly typeUrl: string; readonly value: Uint8Array }[] {
  const last = listener.defaultFilterChain;
  return [...listener.filterChains, ...(last === undefined ? [] : [last])]
    .flatMap(({ filters }) => filters)
    .flatMap(({ configType }) => (configType.case === 'typedConfig' ? [configType.value] : []));
}

function clustersOfListener(listener: Listener): readonly string[] {
  return filtersOf(listener)
    .filter(({ typeUrl }) => typeUrl.endsWith('.TcpProxy'))
    .flatMap(({ value }) => {
      const { clusterSpecifier } = fromBinary(TcpProxySchema, value);
      if (clusterSpecifier.case === 'cluster') return [clusterSpecifier.value];
      if (clusterSpecifier.case !== 'weightedClusters') return [];
      return clusterSpecifier.value.clusters.map(({ name }) => name);
    });
}

function tablesOfListener(listener: Listener): readonly string[] {
  return filtersOf(listener)
    .filter(({ typeUrl }) => typeUrl.endsWith('.HttpConnectionManager'))
    .flatMap(({ value }) => {
      const { routeSpecifier } = fromBinary(HttpConnectionManagerSchema, value);
      return routeSpecifier.case === 'rds' ? [routeSpecifier.value.routeConfigName] : [];
    });
}

function repeatedDomains(table: RouteConfiguration): readonly string[] {
  return repeated(table.virtualHosts.flatMap(({ domains }) => domains)).map(
    (domain) => `route table ${table.name} has domain "${domain}" twice`,
  );
}

function wrongChains(listener: Listener): readonly string[] {
  const last = listener.defaultFilterChain;
  const names = [...listener.filterChains, ...(last === undefined ? [] : [last])].map(
    ({ name }) => name,
  );
  return repeated(names).map(
    (name) => `listener ${listener.name} has filter chain "${name}" twice`,
  );
}

function repeated(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
