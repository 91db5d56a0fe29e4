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
  textMap,
  texts,
  uint32,
} from './schema.ts';

/** The fields of Istio's VirtualService (istio/api networking/v1alpha3/virtual_service.proto). */

const stringMatch = message('Matches a text; set one of the fields.', {
  exact: text('The whole text.'),
  prefix: text('The beginning of the text.'),
  regex: text('An RE2 expression for the whole text.'),
});

const portSelector = message('A port of the destination; needed when the service has several.', {
  number: uint32('Port number, 1 to 65535.'),
});

const percent = message('A share of the requests.', {
  value: decimal('From 0 to 100.'),
});

export const destination = message(
  'Where requests go: a service known to the mesh, and optionally one of its subsets.',
  {
    host: text('Name of a service, such as reviews or reviews.service.consul.'),
    subset: text('Name of a subset in the DestinationRule of the host.'),
    port: portSelector,
  },
  ['host'],
);

const headerOperations = message('Changes of headers.', {
  set: textMap('Headers to overwrite.'),
  add: textMap('Values to append to headers.'),
  remove: texts('Headers to remove.'),
});

const headers = message('Changes of headers on the way to the destination and back.', {
  request: describe('Changes before the request is forwarded.', headerOperations),
  response: describe('Changes before the response is returned.', headerOperations),
});

const matchRequest = message('Conditions that must all hold.', {
  name: text('A name for logs and statistics.'),
  uri: describe('Path of the request.', stringMatch),
  scheme: describe('Scheme of the request.', stringMatch),
  method: describe('HTTP method.', stringMatch),
  authority: describe('Host header.', stringMatch),
  headers: mapOf('Lower-case header names; an empty match means that it is present.', stringMatch),
  withoutHeaders: mapOf('Headers that must not match.', stringMatch),
  queryParams: mapOf('Query parameters; an empty match means that it is present.', stringMatch),
  port: uint32('Port that the request was sent to.'),
  ignoreUriCase: flag('Compares uri without regard to case (exact and prefix only).'),
  sourceLabels: textMap('Labels of the calling workload.'),
  sourceNamespace: text('Namespace of the calling workload.'),
  gateways: texts('Gateways at which the rule holds, instead of those of the VirtualService.'),
  statPrefix: text('Prefix of the statistics kept for this route.'),
});

const httpRouteDestination = message(
  'A destination and its share of the requests.',
  {
    destination,
    weight: int32('Share, in proportion to the sum of all weights.'),
    headers,
  },
  ['destination'],
);

const httpRedirect = message('Answers with a redirect.', {
  uri: text('Path to redirect to.'),
  prefixRewrite: text('Replaces the prefix that matched.'),
  authority: text('Host to redirect to.'),
  port: uint32('Port to redirect to.'),
  derivePort: choice('Which port to redirect to.', ['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']),
  scheme: text('http or https.'),
  redirectCode: uint32('Status of the answer: 301 (default), 302, 303, 307 or 308.'),
});

const directResponse = message(
  'Answers at once, without a destination.',
  {
    status: uint32('HTTP status, 200 to 599.'),
    body: message('Body of the answer; set one of the fields.', {
      string: text('The body as text.'),
      bytes: text('The body in base64.'),
    }),
  },
  ['status'],
);

const httpRewrite = message('Rewrites the request before it is forwarded.', {
  uri: text('Replaces the path, or the prefix that matched.'),
  authority: text('Replaces the Host header.'),
  uriRegexRewrite: message('Rewrites the path by a regular expression.', {
    match: text('RE2 expression for the path.'),
    rewrite: text('What replaces it; \\1 stands for the first group.'),
  }),
});

const httpRetry = message('When and how often a failed request is tried again.', {
  attempts: int32('How often to try again; 0 never.'),
  perTryTimeout: duration('Limit of each try.'),
  retryOn: text('Conditions, separated by commas, such as 5xx,connect-failure.'),
  retryRemoteLocalities: flag('Whether other localities may be tried.'),
  retryIgnorePreviousHosts: flag('Whether hosts that failed are avoided. Default true.'),
  backoff: duration('Least time between tries.'),
});

const httpFault = message('Faults to inject, for testing.', {
  delay: message('Delays requests.', {
    percentage: describe('Share of requests to delay. Default 100.', percent),
    fixedDelay: duration('How long to wait.'),
    percent: int32('Deprecated: use percentage.'),
    exponentialDelay: duration('Not implemented by Istio.'),
  }),
  abort: message('Answers requests with an error.', {
    percentage: describe('Share of requests to abort. Default 100.', percent),
    httpStatus: int32('HTTP status to answer with.'),
    grpcStatus: text('gRPC status to answer with, such as UNAVAILABLE.'),
    http2Error: text('Not implemented by Istio.'),
  }),
});

const corsPolicy = message('Cross-origin resource sharing.', {
  allowOrigins: list('Origins that are allowed.', stringMatch),
  allowOrigin: texts('Deprecated: use allowOrigins.'),
  allowMethods: texts('Methods for Access-Control-Allow-Methods.'),
  allowHeaders: texts('Headers for Access-Control-Allow-Headers.'),
  exposeHeaders: texts('Headers for Access-Control-Expose-Headers.'),
  maxAge: duration('How long a preflight answer may be cached.'),
  allowCredentials: flag('Whether credentials may be sent.'),
  unmatchedPreflights: choice('What happens to preflights of other origins.', [
    'UNSPECIFIED',
    'FORWARD',
    'IGNORE',
  ]),
});

const httpMirror = message(
  'A destination that gets a copy of the requests.',
  { destination, percentage: describe('Share of requests to copy. Default 100.', percent) },
  ['destination'],
);

const httpRoute = message('A rule for HTTP requests; the first that matches is taken.', {
  name: text('A name for logs and statistics.'),
  match: list('Alternatives; without any, all requests match.', matchRequest),
  route: list('Destinations among which requests are shared out.', httpRouteDestination),
  redirect: httpRedirect,
  directResponse,
  delegate: message('Another VirtualService whose rules are used here.', {
    name: text('Its name.'),
    namespace: text('Its namespace; that of this one by default.'),
  }),
  rewrite: httpRewrite,
  timeout: duration('Limit of a request with all its retries.'),
  retries: httpRetry,
  fault: httpFault,
  mirror: describe('A destination that gets a copy of the requests.', destination),
  mirrors: list('Destinations that get a copy of the requests.', httpMirror),
  mirrorPercentage: describe('Share of requests to copy to mirror. Default 100.', percent),
  mirrorPercent: uint32('Deprecated: use mirrorPercentage.'),
  mirror_percent: uint32('Deprecated: use mirrorPercentage.'),
  corsPolicy,
  headers,
});

const l4RouteDestination = message(
  'A destination and its share of the connections.',
  { destination, weight: int32('Share, in proportion to the sum of all weights.') },
  ['destination'],
);

const l4Conditions = {
  destinationSubnets: texts('Addresses of the destination, with optional prefix length.'),
  port: uint32('Port of the service.'),
  sourceLabels: textMap('Labels of the calling workload.'),
  gateways: texts('Gateways at which the rule holds, instead of those of the VirtualService.'),
  sourceNamespace: text('Namespace of the calling workload.'),
};

const tlsRoute = message(
  'A rule for TLS connections that are passed through.',
  {
    match: list(
      'Alternatives.',
      message(
        'Conditions that must all hold.',
        { sniHosts: texts('Server names, exact or with a leading *.'), ...l4Conditions },
        ['sniHosts'],
      ),
    ),
    route: list('Destinations among which connections are shared out.', l4RouteDestination),
  },
  ['match'],
);

const tcpRoute = message('A rule for TCP connections.', {
  match: list(
    'Alternatives; without any, all connections match.',
    message('Conditions that must all hold.', {
      ...l4Conditions,
      sourceSubnet: text('Not implemented by Istio.'),
    }),
  ),
  route: list('Destinations among which connections are shared out.', l4RouteDestination),
});

export const virtualServiceSchema = message('Rules for the traffic to a set of hosts.', {
  hosts: texts('Names the rules hold for: service names or DNS names, with optional wildcard.'),
  gateways: texts('Gateways and sidecars (the word mesh) that apply the rules. Default mesh.'),
  http: list('Rules for HTTP, HTTP/2 and gRPC traffic, in order.', httpRoute),
  tls: list('Rules for TLS traffic that is passed through, in order.', tlsRoute),
  tcp: list('Rules for TCP traffic, in order.', tcpRoute),
  exportTo: texts('Namespaces that see the rules: names, . for its own, * for all (default).'),
});

export type VirtualServiceSpec = Decoded<typeof virtualServiceSchema>;
export type HttpRoute = Decoded<typeof httpRoute>;
export type HttpMatchRequest = Decoded<typeof matchRequest>;
export type HttpRedirect = Decoded<typeof httpRedirect>;
export type HttpDirectResponse = Decoded<typeof directResponse>;
export type HttpRewrite = Decoded<typeof httpRewrite>;
export type HttpRetry = Decoded<typeof httpRetry>;
export type HttpFault = Decoded<typeof httpFault>;
export type CorsPolicy = Decoded<typeof corsPolicy>;
export type Destination = Decoded<typeof destination>;
export type StringMatch = Decoded<typeof stringMatch>;
export type Headers = Decoded<typeof headers>;
export type HeaderOperations = Decoded<typeof headerOperations>;
export type TlsRoute = Decoded<typeof tlsRoute>;
export type TcpRoute = Decoded<typeof tcpRoute>;
export type L4RouteDestination = Decoded<typeof l4RouteDestination>;
