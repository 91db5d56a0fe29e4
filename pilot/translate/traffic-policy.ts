import { parseDuration } from '../api/duration.ts';
import type {
  Cluster,
  ConnectionPool,
  LoadBalancer,
  OutlierDetection,
  TcpKeepalive,
} from '../ir/cluster.ts';
import type { HashPolicy } from '../ir/route.ts';
import { type ServicePort, handlingOf } from '../model/service.ts';
import type { EffectivePolicy } from './policies.ts';

/** Istio's default. */
const defaultConnectTimeoutMs = 10_000;

type Settings = Pick<
  Cluster,
  'connectTimeoutMs' | 'http' | 'loadBalancer' | 'connectionPool' | 'outlierDetection'
>;

/** What a traffic policy says of a cluster for `port`. */
export function translatePolicy(policy: EffectivePolicy, port: ServicePort): Settings {
  const outlierDetection = translateOutlierDetection(policy.outlierDetection);
  return {
    connectTimeoutMs:
      milliseconds(policy.connectionPool?.tcp?.connectTimeout) ?? defaultConnectTimeoutMs,
    http: httpVersion(policy, port),
    loadBalancer: translateLoadBalancer(policy.loadBalancer),
    connectionPool: translateConnectionPool(policy.connectionPool),
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
  };
}

/** How requests are spread when the policy asks for consistent hashing. */
export function translateHashPolicy(policy: EffectivePolicy): readonly HashPolicy[] {
  const hash = policy.loadBalancer?.consistentHash;
  if (hash === undefined) return [];
  if (hash.httpHeaderName !== undefined) return [{ kind: 'header', name: hash.httpHeaderName }];
  if (hash.httpQueryParameterName !== undefined) {
    return [{ kind: 'query', name: hash.httpQueryParameterName }];
  }
  if (hash.useSourceIp === true) return [{ kind: 'source-ip' }];
  if (hash.httpCookie === undefined) return [];
  const { name, path, ttl } = hash.httpCookie;
  const ttlMs = milliseconds(ttl);
  return [
    {
      kind: 'cookie',
      name,
      ...(path === undefined ? {} : { path }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    },
  ];
}

/** Milliseconds of a duration that validation has accepted; undefined when there is none. */
export function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

function httpVersion(policy: EffectivePolicy, port: ServicePort): Cluster['http'] {
  const http = policy.connectionPool?.http;
  if (http?.useClientProtocol === true || port.protocol === undefined) return 'downstream';
  if (port.protocol === 'http2' || port.protocol === 'grpc' || port.protocol === 'grpc-web') {
    return 'http2';
  }
  const upgrade = handlingOf(port) === 'http' && http?.h2UpgradePolicy === 'UPGRADE';
  return upgrade ? 'http2' : 'http1';
}

type SimpleAlgorithm = NonNullable<NonNullable<EffectivePolicy['loadBalancer']>['simple']>;

/** Least request is Istio's default. */
const algorithms = {
  ROUND_ROBIN: 'round-robin',
  RANDOM: 'random',
  PASSTHROUGH: 'provided',
  LEAST_CONN: 'least-request',
  LEAST_REQUEST: 'least-request',
  UNSPECIFIED: 'least-request',
} as const satisfies Record<SimpleAlgorithm, LoadBalancer['kind']>;

function translateLoadBalancer(policy: EffectivePolicy['loadBalancer']): LoadBalancer {
  if (policy?.consistentHash !== undefined) return translateConsistentHash(policy.consistentHash);
  const kind = algorithms[policy?.simple ?? 'UNSPECIFIED'];
  if (kind === 'random' || kind === 'provided') return { kind };
  const slowStartMs = milliseconds(policy?.warmup?.duration ?? policy?.warmupDurationSecs);
  return { kind, ...(slowStartMs === undefined ? {} : { slowStartMs }) };
}

type ConsistentHash = NonNullable<NonNullable<EffectivePolicy['loadBalancer']>['consistentHash']>;

function translateConsistentHash(hash: ConsistentHash): LoadBalancer {
  if (hash.maglev !== undefined) {
    const { tableSize } = hash.maglev;
    return { kind: 'maglev', ...(tableSize === undefined ? {} : { tableSize }) };
  }
  const minimumRingSize = hash.ringHash?.minimumRingSize ?? hash.minimumRingSize;
  return { kind: 'ring-hash', ...(minimumRingSize === undefined ? {} : { minimumRingSize }) };
}

/** Drops the keys whose value is undefined: in the IR, absence is a missing key. */
function present<T extends object>(values: Optional<T>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** Zero means "no limit" in Istio's API for these fields. */
function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

function translateConnectionPool(pool: EffectivePolicy['connectionPool']): ConnectionPool {
  return present<ConnectionPool>({ ...tcpLimits(pool?.tcp), ...httpLimits(pool?.http, pool?.tcp) });
}

type ApiConnectionPool = NonNullable<EffectivePolicy['connectionPool']>;
type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

function tcpLimits(tcp: ApiConnectionPool['tcp']): Optional<ConnectionPool> {
  const keepalive = tcp?.tcpKeepalive;
  return {
    maxConnections: positive(tcp?.maxConnections),
    maxConnectionDurationMs: milliseconds(tcp?.maxConnectionDuration),
    tcpKeepalive:
      keepalive === undefined
        ? undefined
        : present<TcpKeepalive>({
            probes: keepalive.probes,
            timeMs: milliseconds(keepalive.time),
            intervalMs: milliseconds(keepalive.interval),
          }),
  };
}

function httpLimits(
  http: ApiConnectionPool['http'],
  tcp: ApiConnectionPool['tcp'],
): Optional<ConnectionPool> {
  return {
    maxPendingRequests: positive(http?.http1MaxPendingRequests),
    maxRequests: positive(http?.http2MaxRequests),
    maxRetries: positive(http?.maxRetries),
    maxRequestsPerConnection: positive(http?.maxRequestsPerConnection),
    maxConcurrentStreams: positive(http?.maxConcurrentStreams),
    idleTimeoutMs: milliseconds(http?.idleTimeout ?? tcp?.idleTimeout),
  };
}

function translateOutlierDetection(
  outlier: EffectivePolicy['outlierDetection'],
): OutlierDetection | undefined {
  if (outlier === undefined) return undefined;
  return present<OutlierDetection>({
    consecutive5xx: outlier.consecutive5xxErrors ?? outlier.consecutiveErrors,
    consecutiveGatewayErrors: outlier.consecutiveGatewayErrors,
    consecutiveLocalOriginFailures: outlier.consecutiveLocalOriginFailures,
    splitLocalOriginErrors: outlier.splitExternalLocalOriginErrors ?? false,
    intervalMs: milliseconds(outlier.interval),
    baseEjectionMs: milliseconds(outlier.baseEjectionTime),
    maxEjectionPercent: outlier.maxEjectionPercent,
    minHealthPercent: outlier.minHealthPercent,
  });
}
