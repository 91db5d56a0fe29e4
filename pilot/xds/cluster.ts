import type { Cluster, ConnectionPool, HostPort, OutlierDetection } from '../ir/cluster.ts';
import { HttpProtocolOptionsSchema } from '../proto/extensions.ts';
import type {
  Cluster as ClusterMessage,
  Cluster_DiscoveryType,
} from '../proto/generated/envoy/config/cluster/v3/cluster_pb.js';
import type { Init } from '../proto/init.ts';
import {
  Cluster_DiscoveryTypeValues,
  Cluster_DnsLookupFamilyValues,
  Cluster_LbPolicyValues,
  ClusterSchema,
} from '../proto/messages.ts';
import { encode, packAny } from '../proto/writer.ts';
import { adsSource } from './config-source.ts';
import { duration, memberAddress, optionalDuration } from './values.ts';

/** The bytes of an envoy.config.cluster.v3.Cluster. */
export function encodeCluster(cluster: Cluster): Uint8Array {
  return encode(ClusterSchema, {
    name: cluster.name,
    connectTimeout: duration(cluster.connectTimeoutMs),
    ...discovery(cluster),
    ...loadBalancer(cluster),
    circuitBreakers: { thresholds: [thresholds(cluster.connectionPool)] },
    perConnectionBufferLimitBytes: 1024 * 1024,
    ignoreHealthOnHostRemoval: true,
    upstreamConnectionOptions: keepalive(cluster.connectionPool),
    upstreamBindConfig:
      cluster.bindAddress === undefined
        ? undefined
        : {
            sourceAddress: {
              address: cluster.bindAddress,
              portSpecifier: { case: 'portValue', value: 0 },
            },
          },
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': httpOptions(cluster),
    },
    ...outlierDetection(cluster.outlierDetection),
  });
}

type Fields = Partial<Init<ClusterMessage>>;

function discovery({ name, discovery }: Cluster): Fields {
  const type = (value: Cluster_DiscoveryType): Fields => ({
    clusterDiscoveryType: { case: 'type', value },
  });
  switch (discovery.kind) {
    case 'eds':
      return {
        ...type(Cluster_DiscoveryTypeValues.EDS),
        edsClusterConfig: { edsConfig: adsSource },
      };
    case 'original-dst':
      return type(Cluster_DiscoveryTypeValues.ORIGINAL_DST);
    case 'static':
      return {
        ...type(Cluster_DiscoveryTypeValues.STATIC),
        loadAssignment: loadAssignment(name, discovery.hosts),
      };
    case 'dns':
      return {
        ...type(
          discovery.logical
            ? Cluster_DiscoveryTypeValues.LOGICAL_DNS
            : Cluster_DiscoveryTypeValues.STRICT_DNS,
        ),
        dnsLookupFamily: Cluster_DnsLookupFamilyValues.V4_ONLY,
        loadAssignment: loadAssignment(name, discovery.hosts),
      };
  }
}

function loadAssignment(clusterName: string, hosts: readonly HostPort[]): Fields['loadAssignment'] {
  return {
    clusterName,
    endpoints: [
      {
        lbEndpoints: hosts.map((host) => ({
          hostIdentifier: { case: 'endpoint', value: { address: memberAddress(host) } },
          loadBalancingWeight: host.weight,
        })),
      },
    ],
  };
}

function loadBalancer({ loadBalancer }: Cluster): Fields {
  const policy = Cluster_LbPolicyValues;
  switch (loadBalancer.kind) {
    case 'round-robin':
      return {
        lbPolicy: policy.ROUND_ROBIN,
        lbConfig: { case: 'roundRobinLbConfig', value: slowStart(loadBalancer.slowStartMs) },
      };
    case 'least-request':
      return {
        lbPolicy: policy.LEAST_REQUEST,
        lbConfig: { case: 'leastRequestLbConfig', value: slowStart(loadBalancer.slowStartMs) },
      };
    case 'random':
      return { lbPolicy: policy.RANDOM };
    case 'ring-hash':
      return {
        lbPolicy: policy.RING_HASH,
        lbConfig: {
          case: 'ringHashLbConfig',
          value: { minimumRingSize: bigintOf(loadBalancer.minimumRingSize) },
        },
      };
    case 'maglev':
      return {
        lbPolicy: policy.MAGLEV,
        lbConfig: {
          case: 'maglevLbConfig',
          value: { tableSize: bigintOf(loadBalancer.tableSize) },
        },
      };
    case 'provided':
      return { lbPolicy: policy.CLUSTER_PROVIDED };
  }
}

function slowStart(ms: number | undefined): {
  readonly slowStartConfig?: { readonly slowStartWindow: ReturnType<typeof duration> };
} {
  return ms === undefined ? {} : { slowStartConfig: { slowStartWindow: duration(ms) } };
}

function bigintOf(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/** Envoy's own defaults (1024, and 3 retries) would cut in silently, so absent means unlimited (as in Istio). */
const unlimited = 2 ** 32 - 1;

function thresholds(pool: ConnectionPool): {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  readonly trackRemaining: boolean;
} {
  return {
    maxConnections: pool.maxConnections ?? unlimited,
    maxPendingRequests: pool.maxPendingRequests ?? unlimited,
    maxRequests: pool.maxRequests ?? unlimited,
    maxRetries: pool.maxRetries ?? unlimited,
    trackRemaining: true,
  };
}

function keepalive({ tcpKeepalive }: ConnectionPool): Fields['upstreamConnectionOptions'] {
  if (tcpKeepalive === undefined) return undefined;
  return {
    tcpKeepalive: {
      keepaliveProbes: tcpKeepalive.probes,
      keepaliveTime: seconds(tcpKeepalive.timeMs),
      keepaliveInterval: seconds(tcpKeepalive.intervalMs),
    },
  };
}

/** TCP keepalive counts whole seconds, at least one. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.max(1, Math.round(ms / 1000));
}

function httpOptions(cluster: Cluster): ReturnType<typeof packAny> {
  const { connectionPool: pool } = cluster;
  const http2 = { maxConcurrentStreams: pool.maxConcurrentStreams };
  return packAny(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: {
      idleTimeout: optionalDuration(pool.idleTimeoutMs),
      maxConnectionDuration: optionalDuration(pool.maxConnectionDurationMs),
      maxRequestsPerConnection: pool.maxRequestsPerConnection,
    },
    upstreamProtocolOptions: {
      http1: {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'httpProtocolOptions', value: {} } },
      },
      http2: {
        case: 'explicitHttpConfig',
        value: { protocolConfig: { case: 'http2ProtocolOptions', value: http2 } },
      },
      downstream: {
        case: 'useDownstreamProtocolConfig',
        value: { httpProtocolOptions: {}, http2ProtocolOptions: http2 },
      },
    }[cluster.http] as never,
  });
}

/**
 * Success-rate ejection stays off, as in Istio. Without a minimum of health the panic mode is off too: a
 * service whose members are all ejected answers 503 instead of being tried.
 */
function outlierDetection(outlier: OutlierDetection | undefined): Fields {
  if (outlier === undefined) return {};
  return {
    outlierDetection: {
      consecutive5xx: outlier.consecutive5xx,
      enforcingConsecutive5xx: enforcing(outlier.consecutive5xx),
      consecutiveGatewayFailure: outlier.consecutiveGatewayErrors,
      enforcingConsecutiveGatewayFailure: enforcing(outlier.consecutiveGatewayErrors),
      consecutiveLocalOriginFailure: outlier.consecutiveLocalOriginFailures,
      splitExternalLocalOriginErrors: outlier.splitLocalOriginErrors,
      interval: optionalDuration(outlier.intervalMs),
      baseEjectionTime: optionalDuration(outlier.baseEjectionMs),
      maxEjectionPercent: outlier.maxEjectionPercent,
      enforcingSuccessRate: 0,
    },
    commonLbConfig: { healthyPanicThreshold: { value: outlier.minHealthPercent ?? 0 } },
  };
}

function enforcing(consecutive: number | undefined): number | undefined {
  if (consecutive === undefined) return undefined;
  return consecutive > 0 ? 100 : 0;
}
