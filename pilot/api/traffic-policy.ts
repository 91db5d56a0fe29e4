import type { Decoded } from './schema.ts';
import {
  choice,
  decimal,
  describe,
  duration,
  flag,
  int32,
  list,
  mapOf,
  message,
  text,
  texts,
  uint32,
} from './schema.ts';
import { Type } from 'typebox';

/** Istio's TrafficPolicy (istio/api networking/v1alpha3/destination_rule.proto): how a service is called. */

const failover = list(
  'Where traffic goes when a region has no healthy endpoint.',
  message('From one region to another.', { from: text('Region.'), to: text('Region.') }),
);

const failoverPriority = texts(
  'Labels by which endpoints are preferred, the most important first.',
);

const localityLb = message('Balancing by locality.', {
  enabled: flag('Whether locality is regarded.'),
  distribute: list(
    'Shares of the traffic of a locality.',
    message('Shares of one locality.', {
      from: text('Locality as region/zone/subzone, with optional *.'),
      to: mapOf('Locality → share; the sum is 100.', uint32('')),
    }),
  ),
  failover,
  failoverPriority,
});

const warmup = message(
  'Sends less traffic to endpoints that are new.',
  {
    duration: duration('How long an endpoint counts as new.'),
    minimumPercent: decimal('Share at the start, in percent.', { minimum: 0, maximum: 100 }),
    aggression: decimal('Shape of the increase; 1 is linear.', { minimum: 0 }),
  },
  ['duration'],
);

const consistentHash = message('Sends equal requests to the same endpoint.', {
  httpHeaderName: text('Hashes a header.'),
  httpCookie: message(
    'Hashes a cookie.',
    {
      name: text('Name of the cookie.'),
      path: text('Path of the cookie.'),
      ttl: duration('Life time of a generated cookie.'),
      attributes: list(
        'Further attributes of a generated cookie.',
        message('One attribute.', { name: text('Its name.'), value: text('Its value.') }, ['name']),
      ),
    },
    ['name'],
  ),
  useSourceIp: flag('Hashes the address of the caller.'),
  httpQueryParameterName: text('Hashes a query parameter.'),
  minimumRingSize: Type.Integer({
    minimum: 0,
    description: 'Deprecated: use ringHash.minimumRingSize.',
  }),
  ringHash: message('The ring hash algorithm.', {
    minimumRingSize: Type.Integer({ minimum: 0, description: 'Least number of points.' }),
  }),
  maglev: message('The Maglev algorithm.', {
    tableSize: Type.Integer({ minimum: 0, description: 'Size of the table, a prime.' }),
  }),
});

const backendUtilization = message('Weights by the load that endpoints report (ORCA).', {
  metricNamesForComputingUtilization: texts('Metrics of the report that count as load.'),
  errorUtilizationPenaltyPercent: uint32('Added load for errors, in percent of the load.'),
  weightUpdatePeriod: duration('Time between computations of the weights.'),
  weightExpirationPeriod: duration('A report older than this counts no more.'),
  weightStabilizationPeriod: duration('How long an endpoint reports before it is believed.'),
});

const zoneAwareLbSetting = message('Balancing by zone.', {
  enabled: flag('Whether zones are regarded.'),
  minClusterSize: Type.Integer({
    minimum: 1,
    maximum: 4294967295,
    description: 'Least number of endpoints.',
  }),
  failover,
  failoverPriority,
});

const loadBalancer = message('How an endpoint is chosen.', {
  simple: choice('An algorithm without settings.', [
    'UNSPECIFIED',
    'LEAST_CONN',
    'RANDOM',
    'PASSTHROUGH',
    'ROUND_ROBIN',
    'LEAST_REQUEST',
  ]),
  consistentHash,
  backendUtilization,
  localityLbSetting: localityLb,
  zoneAwareLbSetting,
  warmupDurationSecs: duration('Deprecated: use warmup.'),
  warmup,
});

export const connectionPoolSchema = message('Limits of connections and requests.', {
  tcp: message('Limits of all connections.', {
    maxConnections: int32('Most connections to a destination.'),
    connectTimeout: duration('Limit of connecting. Default 10s.'),
    tcpKeepalive: message('Probes on idle connections.', {
      probes: uint32('Unanswered probes before the connection counts as dead.'),
      time: duration('Idle time before the first probe.'),
      interval: duration('Time between probes.'),
    }),
    maxConnectionDuration: duration('Longest life of a connection.'),
    idleTimeout: duration('Closes idle connections; 0s never.'),
  }),
  http: message('Limits of HTTP traffic.', {
    http1MaxPendingRequests: int32('Most requests waiting for a connection.'),
    http2MaxRequests: int32('Most requests under way.'),
    maxRequestsPerConnection: int32('Most requests on one connection; 0 means no limit.'),
    maxRetries: int32('Most retries under way.'),
    idleTimeout: duration('Closes connections without requests.'),
    h2UpgradePolicy: choice('Whether HTTP/1.1 is sent as HTTP/2.', [
      'DEFAULT',
      'DO_NOT_UPGRADE',
      'UPGRADE',
    ]),
    useClientProtocol: flag('Uses the protocol of the caller.'),
    maxConcurrentStreams: int32('Most streams on one HTTP/2 connection.'),
    http2KeepAlive: message('Pings on HTTP/2 connections.', {
      interval: duration('Time between pings.'),
      timeout: duration('How long to wait for the answer.'),
    }),
  }),
});

const outlierDetection = message('Takes failing endpoints out for a while.', {
  splitExternalLocalOriginErrors: flag('Counts errors of connecting separately.'),
  consecutiveLocalOriginFailures: uint32('Errors of connecting in a row; 0 turns it off.'),
  consecutiveGatewayErrors: uint32('502, 503 and 504 in a row; 0 turns it off.'),
  consecutive5xxErrors: uint32('5xx in a row; 0 turns it off. Default 5.'),
  consecutiveErrors: int32('Deprecated: use consecutive5xxErrors.'),
  interval: duration('Time between checks. Default 10s.'),
  baseEjectionTime: duration('Least time an endpoint is out. Default 30s.'),
  maxEjectionPercent: int32('Largest share of endpoints that may be out. Default 10.'),
  minHealthPercent: int32('Works only while so many endpoints are healthy.'),
  outlierDetectionHttpErrorCodes: list(
    'Statuses that count as errors.',
    Type.Integer({ minimum: 100, maximum: 599 }),
  ),
});

const clientTls = message('TLS towards the destination.', {
  mode: choice('How connections are secured.', ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL']),
  clientCertificate: text('File with the client certificate (MUTUAL).'),
  privateKey: text('File with the private key (MUTUAL).'),
  caCertificates: text('File with the authorities that are trusted.'),
  caCrl: text('File with revoked certificates.'),
  credentialName: text('Name of a secret with certificates, instead of files.'),
  subjectAltNames: texts('Names that the server certificate may have.'),
  sni: text('Server name to send.'),
  insecureSkipVerify: flag('Does not verify the server certificate.'),
});

const perPort = {
  loadBalancer,
  connectionPool: connectionPoolSchema,
  outlierDetection,
  tls: clientTls,
};

const portPolicy = message('A policy for one port.', {
  port: message('The port.', { number: uint32('Port number, 1 to 65535.') }),
  ...perPort,
});

export const trafficPolicySchema = message('How the service is called.', {
  ...perPort,
  portLevelSettings: list('Policies for single ports; they replace the others.', portPolicy, {
    maxItems: 4096,
  }),
  tunnel: message(
    'Sends TCP through an HTTP proxy.',
    {
      protocol: text('CONNECT (default) or POST.'),
      targetHost: text('Host behind the proxy.'),
      targetPort: uint32('Port behind the proxy.'),
    },
    ['targetHost', 'targetPort'],
  ),
  proxyProtocol: message('Sends the address of the caller first.', {
    version: choice('Version of the PROXY protocol.', ['V1', 'V2']),
  }),
  retryBudget: message('Limits retries in proportion to requests.', {
    percent: decimal('Most retries, in percent of requests. Default 20.', {
      minimum: 0,
      maximum: 100,
    }),
    minRetryConcurrency: uint32('Retries that are always allowed. Default 3.'),
    budgetInterval: duration('Time over which requests are counted.'),
  }),
});

export const describeTrafficPolicy = (description: string): typeof trafficPolicySchema =>
  describe(description, trafficPolicySchema);

export type TrafficPolicy = Decoded<typeof trafficPolicySchema>;
export type PortTrafficPolicy = Decoded<typeof portPolicy>;
export type LoadBalancer = Decoded<typeof loadBalancer>;
export type ConsistentHash = Decoded<typeof consistentHash>;
export type ZoneAwareLb = Decoded<typeof zoneAwareLbSetting>;
export type LocalityLb = Decoded<typeof localityLb>;
export type ConnectionPool = Decoded<typeof connectionPoolSchema>;
export type OutlierDetection = Decoded<typeof outlierDetection>;
export type ClientTls = Decoded<typeof clientTls>;
