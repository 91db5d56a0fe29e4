/** Small xDS resources for tests of delivery: what matters is who names whom. */
import { HttpConnectionManagerSchema, RouterSchema } from '../../pilot/proto/extensions.ts';
import {
  ApiVersionValues,
  ClusterLoadAssignmentSchema,
  ClusterSchema,
  Cluster_DiscoveryTypeValues,
  ListenerSchema,
  RouteConfigurationSchema,
} from '../../pilot/proto/messages.ts';
import { encode, packAny } from '../../pilot/proto/writer.ts';
import { createBundle, createResource } from '../../pilot/xds/bundle.ts';
import type { EncodedResource, Snapshot } from '../../pilot/xds/resource.ts';

/** Configuration from the ADS stream itself. */
export const ads = {
  configSourceSpecifier: { case: 'ads', value: {} },
  resourceApiVersion: ApiVersionValues.V3,
} as const;

/** A cluster with endpoints from ADS. `revision` only makes another version of it. */
export function edsCluster(name: string, revision = 0): EncodedResource {
  return createResource(
    name,
    encode(ClusterSchema, {
      name,
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryTypeValues.EDS },
      edsClusterConfig: { edsConfig: ads },
      connectTimeout: { seconds: 1n, nanos: revision },
    }),
  );
}

export function endpoints(cluster: string, ...ports: readonly number[]): EncodedResource {
  const address = (portValue: number) =>
    ({
      case: 'socketAddress',
      value: {
        address: '127.0.0.1',
        portSpecifier: { case: 'portValue', value: portValue },
      },
    }) as const;
  return createResource(
    cluster,
    encode(ClusterLoadAssignmentSchema, {
      clusterName: cluster,
      endpoints: [
        {
          // gRPC clients insist on a locality, and leave out one without a weight.
          locality: { region: 'here' },
          loadBalancingWeight: 1,
          lbEndpoints: ports.map((port) => ({
            hostIdentifier: {
              case: 'endpoint' as const,
              value: { address: { address: address(port) } },
            },
          })),
        },
      ],
    }),
  );
}

/**
 * A route configuration with one virtual host per cluster, whose name is the host unless `host` is given. `revision` only makes
 * another version of it.
 */
export function routes(
  name: string,
  clusters: readonly string[],
  revision = 0,
  host?: string,
): EncodedResource {
  return createResource(
    name,
    encode(RouteConfigurationSchema, {
      name,
      maxDirectResponseBodySizeBytes: 4096 + revision,
      virtualHosts: clusters.map((cluster) => ({
        name: cluster,
        domains: [host ?? cluster],
        routes: [
          {
            match: { pathSpecifier: { case: 'prefix', value: '/' } },
            action: {
              case: 'route',
              value: { clusterSpecifier: { case: 'cluster', value: cluster } },
            },
          },
        ],
      })),
    }),
  );
}

/** An HTTP listener on loopback whose routes come from ADS. */
export function httpListener(name: string, port: number, routeName: string): EncodedResource {
  const manager = packAny(HttpConnectionManagerSchema, {
    statPrefix: name,
    routeSpecifier: { case: 'rds', value: { configSource: ads, routeConfigName: routeName } },
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        configType: { case: 'typedConfig', value: packAny(RouterSchema, {}) },
      },
    ],
  });
  return createResource(
    name,
    encode(ListenerSchema, {
      name,
      address: {
        address: {
          case: 'socketAddress',
          value: {
            address: '127.0.0.1',
            portSpecifier: { case: 'portValue', value: port },
          },
        },
      },
      filterChains: [
        {
          filters: [
            {
              name: 'envoy.filters.network.http_connection_manager',
              configType: { case: 'typedConfig', value: manager },
            },
          ],
        },
      ],
    }),
  );
}

/** A snapshot of the given resources. */
export function snapshotOf(parts: {
  readonly cluster?: readonly EncodedResource[];
  readonly endpoint?: readonly EncodedResource[];
  readonly listener?: readonly EncodedResource[];
  readonly route?: readonly EncodedResource[];
}): Snapshot {
  return {
    cluster: createBundle('cluster', parts.cluster ?? []),
    endpoint: createBundle('endpoint', parts.endpoint ?? []),
    listener: createBundle('listener', parts.listener ?? []),
    route: createBundle('route', parts.route ?? []),
  };
}
