import type { FieldError } from './field-error.ts';
import { deprecated, duplicate, forbidden, invalid, required, unsupported } from './field-error.ts';
import {
  checkDuration,
  checkNotNegative,
  checkOneOf,
  checkPercent,
  checkPort,
  isDomainName,
  isIpAddress,
} from './field-rules.ts';
import { checkLoadBalancer } from './load-balancer-rules.ts';
import type {
  ClientTls,
  ConnectionPool,
  OutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
} from './traffic-policy.ts';

const portFields = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const;

const allFields = [
  ...portFields,
  'portLevelSettings',
  'tunnel',
  'proxyProtocol',
  'retryBudget',
] as const;

export function* checkTrafficPolicy(
  path: string,
  policy: TrafficPolicy | undefined,
): Iterable<FieldError> {
  if (policy === undefined) return;
  if (allFields.every((name) => policy[name] === undefined)) {
    yield required(path, `write at least one of ${allFields.join(', ')}`);
  }
  yield* checkOneOf(path, policy, ['tunnel', 'proxyProtocol']);
  yield* checkShared(path, policy);
  yield* checkPorts(`${path}.portLevelSettings`, policy.portLevelSettings ?? []);
  yield* checkTunnel(`${path}.tunnel`, policy.tunnel);
  yield* checkDuration(`${path}.retryBudget.budgetInterval`, policy.retryBudget?.budgetInterval);
}

function* checkShared(path: string, policy: Omit<PortTrafficPolicy, 'port'>): Iterable<FieldError> {
  yield* checkLoadBalancer(`${path}.loadBalancer`, policy.loadBalancer);
  yield* checkConnectionPool(`${path}.connectionPool`, policy.connectionPool);
  yield* checkOutlierDetection(`${path}.outlierDetection`, policy.outlierDetection);
  yield* checkTls(`${path}.tls`, policy.tls);
}

function* checkPorts(path: string, policies: readonly PortTrafficPolicy[]): Iterable<FieldError> {
  const seen = new Set<number>();
  for (const [index, policy] of policies.entries()) {
    const place = `${path}[${index}]`;
    const number = policy.port?.number;
    if (number === undefined) yield required(`${place}.port.number`, 'write the port it is for');
    else if (seen.has(number)) yield duplicate(`${place}.port.number`, number);
    else seen.add(number);
    yield* checkPort(`${place}.port.number`, number);
    if (portFields.every((name) => policy[name] === undefined)) {
      yield required(place, `write at least one of ${portFields.join(', ')}`);
    }
    yield* checkShared(place, policy);
  }
}

export function* checkConnectionPool(
  path: string,
  pool: ConnectionPool | undefined,
): Iterable<FieldError> {
  if (pool === undefined) return;
  const { tcp, http } = pool;
  if (tcp === undefined && http === undefined) yield required(path, 'write tcp, http or both');
  if (tcp !== undefined) yield* checkTcpPool(`${path}.tcp`, tcp);
  if (http !== undefined) yield* checkHttpPool(`${path}.http`, http);
}

function* checkTcpPool(
  path: string,
  tcp: NonNullable<ConnectionPool['tcp']>,
): Iterable<FieldError> {
  yield* checkNotNegative(path, tcp, ['maxConnections']);
  yield* checkDuration(`${path}.connectTimeout`, tcp.connectTimeout);
  yield* checkDuration(`${path}.maxConnectionDuration`, tcp.maxConnectionDuration);
  yield* checkDuration(`${path}.idleTimeout`, tcp.idleTimeout, 0);
  yield* checkDuration(`${path}.tcpKeepalive.time`, tcp.tcpKeepalive?.time);
  yield* checkDuration(`${path}.tcpKeepalive.interval`, tcp.tcpKeepalive?.interval);
}

function* checkHttpPool(
  path: string,
  http: NonNullable<ConnectionPool['http']>,
): Iterable<FieldError> {
  yield* checkNotNegative(path, http, [
    'http1MaxPendingRequests',
    'http2MaxRequests',
    'maxRequestsPerConnection',
    'maxRetries',
    'maxConcurrentStreams',
  ]);
  yield* checkDuration(`${path}.idleTimeout`, http.idleTimeout);
  for (const name of ['interval', 'timeout'] as const) {
    const place = `${path}.http2KeepAlive.${name}`;
    if (http.http2KeepAlive !== undefined && http.http2KeepAlive[name] === undefined) {
      yield required(place, 'write both interval and timeout');
    }
    yield* checkDuration(place, http.http2KeepAlive?.[name]);
  }
  if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
    yield forbidden(`${path}.useClientProtocol`, 'contradicts h2UpgradePolicy UPGRADE; use one');
  }
}

function* checkOutlierDetection(
  path: string,
  outlier: OutlierDetection | undefined,
): Iterable<FieldError> {
  if (outlier === undefined) return;
  yield* checkDuration(`${path}.interval`, outlier.interval);
  yield* checkDuration(`${path}.baseEjectionTime`, outlier.baseEjectionTime);
  yield* checkPercent(`${path}.maxEjectionPercent`, outlier.maxEjectionPercent);
  yield* checkPercent(`${path}.minHealthPercent`, outlier.minHealthPercent);
  const { consecutiveLocalOriginFailures: local, consecutiveErrors } = outlier;
  if (local !== undefined && local > 0 && outlier.splitExternalLocalOriginErrors !== true) {
    yield forbidden(
      `${path}.consecutiveLocalOriginFailures`,
      'is only counted when splitExternalLocalOriginErrors is true; set it',
    );
  }
  if (consecutiveErrors !== undefined && consecutiveErrors !== 0) {
    const detail = 'use consecutive5xxErrors or consecutiveGatewayErrors';
    yield deprecated(`${path}.consecutiveErrors`, consecutiveErrors, detail);
  }
}

const certificates = ['clientCertificate', 'privateKey', 'caCertificates', 'caCrl'] as const;

function* checkTls(path: string, tls: ClientTls | undefined): Iterable<FieldError> {
  if (tls === undefined) return;
  const { mode = 'DISABLE', credentialName = '' } = tls;
  const given = certificates.filter((name) => (tls[name] ?? '') !== '');
  if (credentialName !== '' && given.length > 0) {
    yield forbidden(`${path}.credentialName`, `replaces ${given.join(', ')}; use one of the two`);
  }
  yield* checkUnverified(path, tls);
  if (mode === 'MUTUAL' && credentialName === '') {
    for (const name of ['clientCertificate', 'privateKey'] as const) {
      if (!given.includes(name)) yield required(`${path}.${name}`, 'mode MUTUAL needs it');
    }
  }
  if (mode === 'ISTIO_MUTUAL') {
    for (const name of given) {
      yield forbidden(`${path}.${name}`, 'the mesh has its own certificates in mode ISTIO_MUTUAL');
    }
  }
}

/** What a server is verified by; in mode MUTUAL credentialName may hold the client's certificate alone. */
const verifiedBy = {
  SIMPLE: ['caCertificates', 'credentialName', 'subjectAltNames'],
  MUTUAL: ['caCertificates', 'subjectAltNames'],
  DISABLE: [],
  ISTIO_MUTUAL: [],
} as const;

function* checkUnverified(path: string, tls: ClientTls): Iterable<FieldError> {
  if (tls.insecureSkipVerify !== true) return;
  for (const name of verifiedBy[tls.mode ?? 'DISABLE']) {
    if ((tls[name] ?? '').length > 0) {
      yield forbidden(`${path}.${name}`, 'is not used with insecureSkipVerify; use one of the two');
    }
  }
}

function* checkTunnel(path: string, tunnel: TrafficPolicy['tunnel']): Iterable<FieldError> {
  if (tunnel === undefined) return;
  const { protocol = 'CONNECT', targetHost, targetPort } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(protocol)) {
    yield unsupported(`${path}.protocol`, protocol, ['CONNECT', 'POST']);
  }
  if (!isDomainName(targetHost) && !isIpAddress(targetHost)) {
    yield invalid(`${path}.targetHost`, targetHost, 'must be a DNS name or an address');
  }
  yield* checkPort(`${path}.targetPort`, targetPort);
}
