/** Where in a route's metadata the user's rule stands. */
export const routeMetadata = { namespace: 'composemesh', rule: 'rule', path: 'path' } as const;

const routeRule = '%METADATA(ROUTE:composemesh:rule)%';
const routePath = '%METADATA(ROUTE:composemesh:path)%';

/**
 * What an Envoy of the mesh writes of every request and connection: Istio's default text format, which its users
 * and tools read, and behind it the user's rule that decided and how often the request was tried.
 */
export const accessLogFormat = [
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE%',
  '%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS%',
  '"%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% %DURATION%',
  '%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"',
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW%',
  '%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%',
  '%REQUESTED_SERVER_NAME% %ROUTE_NAME%',
  `"${routeRule}" "${routePath}"`,
  '%UPSTREAM_REQUEST_ATTEMPT_COUNT%\n',
].join(' ');

/**
 * The format for connections that a known rule decides on: a byte stream has no route whose metadata could be
 * asked, but its chain of filters knows.
 */
export function formatConnectionLog({
  rule,
  path,
}: {
  readonly rule: string;
  readonly path: string;
}): string {
  return accessLogFormat.replace(routeRule, rule).replace(routePath, path);
}

/** One request, or one connection of a byte stream. What Envoy wrote as `-` is absent. */
export interface AccessLogEntry {
  /** RFC 3339. */
  readonly start: string;
  readonly method?: string;
  /** As the caller sent it. */
  readonly path?: string;
  readonly protocol?: string;
  /** 0 when nothing was answered, and for byte streams. */
  readonly status: number;
  /** Envoy's short words for what went wrong, such as UH or DC,UT. */
  readonly flags: readonly string[];
  readonly details?: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly requestId?: string;
  /** As it was sent on, after a rewrite. */
  readonly authority?: string;
  /** ADDRESS:PORT that answered, or was last tried. */
  readonly upstreamHost?: string;
  readonly upstreamCluster?: string;
  /** ADDRESS:PORT that the caller connected to. */
  readonly localAddress?: string;
  readonly remoteAddress?: string;
  readonly routeName?: string;
  /** The user's object that decided, such as `VirtualService default/reviews`. */
  readonly rule?: string;
  /** The field of it that made the route, such as `spec.http[0].match[1]`. */
  readonly rulePath?: string;
  /** How often the request was sent to some upstream. */
  readonly attempts: number;
}

/** Callers choose what stands in quotes, quotes included; so the line is read from both ends. */
const pattern = new RegExp(
  [
    /^\[(?<start>\S+)\] "(?<method>\S+) (?<path>.*?) (?<protocol>\S+)" (?<status>\d+)/,
    /(?<flags>\S+) (?<details>.*?) \S+ "[^"]*" \d+ \d+ (?<duration>\d+) \S+ ".*"/,
    /"(?<requestId>[^"]*)" "(?<authority>[^"]*)" "(?<upstreamHost>[^"]*)" (?<upstreamCluster>\S+)/,
    /\S+ (?<localAddress>\S+) (?<remoteAddress>\S+) \S+ (?<routeName>.*?)/,
    /"(?<rule>[^"]*)" "(?<rulePath>[^"]*)" (?<attempts>\d+|-)$/,
  ]
    .map(({ source }) => source)
    .join(' '),
);

/** Reads one line of the log; undefined when it is another line. */
export function parseAccessLogLine(line: string): AccessLogEntry | undefined {
  const groups = pattern.exec(line)?.groups;
  if (groups === undefined) return undefined;
  const text = <Name extends string>(name: Name): Partial<Record<Name, string>> => {
    const value = groups[name];
    return value === undefined || value === '-' || value === ''
      ? {}
      : ({ [name]: value } as Partial<Record<Name, string>>);
  };
  return {
    start: groups['start'] ?? '',
    ...text('method'),
    ...text('path'),
    ...text('protocol'),
    status: Number(groups['status']),
    flags: groups['flags'] === '-' ? [] : (groups['flags'] ?? '').split(','),
    ...text('details'),
    duration: Number(groups['duration']),
    ...text('requestId'),
    ...text('authority'),
    ...text('upstreamHost'),
    ...text('upstreamCluster'),
    ...text('localAddress'),
    ...text('remoteAddress'),
    ...text('routeName'),
    ...text('rule'),
    ...text('rulePath'),
    attempts: groups['attempts'] === '-' ? 0 : Number(groups['attempts']),
  };
}
