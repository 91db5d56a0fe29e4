/** Where a proxy may send requests: one cluster each. Plain data, no imports: the IR is the cache key. */
export interface Cluster {
  readonly name: string;
  readonly discovery: Discovery;
  readonly connectTimeoutMs: number;
  /** Which HTTP version is spoken upstream; `downstream`: the one the caller speaks. */
  readonly http: 'http1' | 'http2' | 'downstream';
  readonly loadBalancer: LoadBalancer;
  readonly connectionPool: ConnectionPool;
  readonly outlierDetection?: OutlierDetection;
  /** Source address of upstream connections. */
  readonly bindAddress?: string;
}

export type Discovery =
  | { readonly kind: 'eds' }
  | { readonly kind: 'static'; readonly hosts: readonly HostPort[] }
  | { readonly kind: 'dns'; readonly hosts: readonly HostPort[]; readonly logical: boolean }
  /** The address the connection had before it was captured. */
  | { readonly kind: 'original-dst' };

/** What the address of a member on a Unix socket begins with, before the path. */
export const unixPrefix = 'unix://';

export interface HostPort {
  /** An IP address, a DNS name where DNS is asked, or `unix://` and the path of a socket. */
  readonly address: string;
  readonly port: number;
  readonly weight?: number;
}

export type LoadBalancer =
  | { readonly kind: 'round-robin' | 'least-request'; readonly slowStartMs?: number }
  | { readonly kind: 'random' }
  | { readonly kind: 'ring-hash'; readonly minimumRingSize?: number }
  | { readonly kind: 'maglev'; readonly tableSize?: number }
  /** The cluster's discovery decides (original destination). */
  | { readonly kind: 'provided' };

/** Absent limits are unlimited, as in Istio. */
export interface ConnectionPool {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxConcurrentStreams?: number;
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly tcpKeepalive?: TcpKeepalive;
}

export interface TcpKeepalive {
  readonly probes?: number;
  readonly timeMs?: number;
  readonly intervalMs?: number;
}

export interface OutlierDetection {
  /** 0 switches the detector off; absent leaves Envoy's default. */
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
  readonly consecutiveLocalOriginFailures?: number;
  readonly splitLocalOriginErrors: boolean;
  readonly intervalMs?: number;
  readonly baseEjectionMs?: number;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}
