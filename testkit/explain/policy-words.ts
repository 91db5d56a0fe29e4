import type {
  Cluster,
  ConnectionPool,
  LoadBalancer,
  OutlierDetection,
} from '../../pilot/ir/cluster.ts';
import type {
  Fault,
  ForwardAction,
  HashPolicy,
  HeaderChanges,
  HeaderOperations,
  Route,
} from '../../pilot/ir/route.ts';

/** What a route does besides sending requests somewhere, one line each. */
export function describeRoute({ action, headers, fault, cors }: Route): readonly string[] {
  const own = [...describeFault(fault), ...describeHeaders(headers)];
  const origins = cors === undefined ? [] : ['answers preflights of other origins (corsPolicy)'];
  switch (action.kind) {
    case 'forward':
      return [...own, ...describeForward(action), ...origins];
    case 'redirect': {
      const { authority = '(host)', path, prefix, scheme, port, status } = action;
      const place = `${scheme === undefined ? '' : `${scheme}://`}${authority}${port === undefined ? '' : `:${port}`}`;
      return [
        ...own,
        `redirects with ${status} to ${place}${path ?? prefix ?? '(path)'}`,
        ...origins,
      ];
    }
    case 'respond':
      return [...own, `answers ${action.status} at once, without a destination`, ...origins];
  }
}

/** How a cluster is called, one line each; only what somebody set, and the load balancer. */
export function describeCluster(cluster: Cluster): readonly string[] {
  return [
    describeBalancer(cluster.loadBalancer),
    ...describePool(cluster.connectionPool),
    ...describeOutliers(cluster.outlierDetection),
    ...(cluster.connectTimeoutMs === 10_000
      ? []
      : [`connect timeout ${duration(cluster.connectTimeoutMs)}`]),
    ...(cluster.http === 'http2' ? ['speaks HTTP/2'] : []),
  ];
}

function describeForward(action: ForwardAction): readonly string[] {
  const { timeoutMs, retry, mirrors, rewrite, hash } = action;
  return [
    ...(timeoutMs === 0 ? [] : [`timeout ${duration(timeoutMs)}`]),
    retry === undefined
      ? 'no retries'
      : `retries: up to ${retry.attempts} on ${retry.retryOn}${
          retry.perTryTimeoutMs === undefined
            ? ''
            : `, each at most ${duration(retry.perTryTimeoutMs)}`
        }${action.ownRetry === true ? '' : ' (default)'}`,
    ...mirrors.map(({ cluster, percent }) => `copies ${share(percent)} to ${cluster}`),
    ...(rewrite.prefix === undefined
      ? []
      : [`rewrites what matched of the path to ${rewrite.prefix}`]),
    ...(rewrite.regex === undefined
      ? []
      : [`rewrites the path: ${rewrite.regex.match} to ${rewrite.regex.substitution}`]),
    ...(rewrite.authority === undefined ? [] : [`rewrites the host to ${rewrite.authority}`]),
    ...hash.map(describeHash),
  ];
}

function describeHash(policy: HashPolicy): string {
  const by = {
    header: 'header',
    cookie: 'cookie',
    query: 'query parameter',
    'source-ip': 'the address of the caller',
  }[policy.kind];
  return `keeps to one endpoint by ${by}${'name' in policy ? ` ${policy.name}` : ''}`;
}

function describeFault(fault: Fault | undefined): readonly string[] {
  const { delay, abort } = fault ?? {};
  return [
    ...(delay === undefined
      ? []
      : [`fault: delays ${share(delay.percent)} by ${duration(delay.ms)}`]),
    ...(abort === undefined
      ? []
      : [
          `fault: aborts ${share(abort.percent)} with ${abort.status.kind === 'grpc' ? 'gRPC status ' : ''}${abort.status.code}`,
        ]),
  ];
}

function describeHeaders({ request, response }: HeaderChanges): readonly string[] {
  return [...describeOperations('request', request), ...describeOperations('response', response)];
}

function describeOperations(
  what: string,
  { set, add, remove }: HeaderOperations,
): readonly string[] {
  return [
    ...set.map(({ name, value }) => `sets ${what} header ${name}: ${value}`),
    ...add.map(({ name, value }) => `adds ${what} header ${name}: ${value}`),
    ...remove.map((name) => `removes ${what} header ${name}`),
  ];
}

function describeBalancer(balancer: LoadBalancer): string {
  const slow = 'slowStartMs' in balancer ? `, slow start ${duration(balancer.slowStartMs)}` : '';
  return `load balancer: ${balancer.kind.replaceAll('-', ' ')}${slow}`;
}

function describePool(pool: ConnectionPool): readonly string[] {
  const words = Object.entries(pool).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'number'
      ? [`${name.replace(/Ms$/, '')} ${name.endsWith('Ms') ? duration(value) : value}`]
      : [`${name} ${JSON.stringify(value)}`],
  );
  return words.length === 0 ? [] : [`connection pool: ${words.join(', ')}`];
}

function describeOutliers(outliers: OutlierDetection | undefined): readonly string[] {
  if (outliers === undefined) return [];
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOriginFailures } = outliers;
  const { intervalMs, baseEjectionMs, maxEjectionPercent } = outliers;
  const words = [
    ...(consecutive5xx === undefined ? [] : [`after ${consecutive5xx} errors`]),
    ...(consecutiveGatewayErrors === undefined
      ? []
      : [`after ${consecutiveGatewayErrors} gateway errors`]),
    ...(consecutiveLocalOriginFailures === undefined
      ? []
      : [`after ${consecutiveLocalOriginFailures} failed connections`]),
    ...(intervalMs === undefined ? [] : [`looks every ${duration(intervalMs)}`]),
    ...(baseEjectionMs === undefined ? [] : [`for ${duration(baseEjectionMs)}`]),
    ...(maxEjectionPercent === undefined ? [] : [`at most ${share(maxEjectionPercent)}`]),
  ];
  return [`outlier detection: ${words.length === 0 ? 'defaults' : words.join(', ')}`];
}

function share(percent: number): string {
  return `${percent} %`;
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
