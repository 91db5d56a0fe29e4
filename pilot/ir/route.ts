/** Where HTTP requests go. */
export interface RouteTable {
  readonly name: string;
  readonly virtualHosts: readonly VirtualHost[];
  /**
   * Requests that change nothing (RFC 9110 §9.2.1) are tried again when their connection breaks, although they
   * may have been handled; not on routes with `ownRetry`.
   */
  readonly repeatsSafe?: true;
}

export interface VirtualHost {
  readonly name: string;
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
}

export interface Route {
  /** Name that the user gave the rule, for access logs. */
  readonly name?: string;
  readonly match: RouteMatch;
  readonly action: RouteAction;
  readonly headers: HeaderChanges;
  readonly fault?: Fault;
  readonly cors?: CorsPolicy;
  /** Name of the span, such as reviews.service.consul:9080/*. */
  readonly operation: string;
  /** What of the user's rules the route comes from; absent for a default of the mesh. */
  readonly origin?: RouteOrigin;
}

export interface RouteOrigin {
  /** Such as `VirtualService default/reviews`. */
  readonly rule: string;
  /** The field that makes the route, such as `spec.http[0].match[1]`. */
  readonly path: string;
}

export interface RouteMatch {
  readonly path: PathMatch;
  readonly ignoreCase: boolean;
  readonly headers: readonly HeaderMatch[];
  readonly query: readonly QueryMatch[];
}

export interface PathMatch {
  readonly kind: 'prefix' | 'exact' | 'regex';
  readonly value: string;
}

export type ValueMatch =
  | { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }
  | { readonly kind: 'present' };

export interface HeaderMatch {
  readonly name: string;
  readonly value: ValueMatch;
  readonly invert: boolean;
}

export interface QueryMatch {
  readonly name: string;
  readonly value: ValueMatch;
}

export type RouteAction =
  | ForwardAction
  | RedirectAction
  | { readonly kind: 'respond'; readonly status: number; readonly body?: ResponseBody };

export type ResponseBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly base64: string };

export interface ForwardAction {
  readonly kind: 'forward';
  readonly clusters: readonly WeightedCluster[];
  /** 0 switches the timeout off. */
  readonly timeoutMs: number;
  /** Limit for the whole stream, the request included: what gRPC clients go by. */
  readonly maxDurationMs?: number;
  readonly retry?: RetryPolicy;
  /** Nothing is tried again but by `retry`. */
  readonly ownRetry?: true;
  readonly mirrors: readonly Mirror[];
  readonly rewrite: Rewrite;
  readonly hash: readonly HashPolicy[];
}

export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
  readonly headers: HeaderChanges;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly retryOn: string;
  readonly retriableStatusCodes: readonly number[];
  readonly perTryTimeoutMs?: number;
  readonly backoffMs?: number;
  /** Prefer hosts that this request has not tried. */
  readonly avoidPreviousHosts: boolean;
}

export interface Mirror {
  readonly cluster: string;
  /** Percent of requests, 0–100 with fractions. */
  readonly percent: number;
}

export interface Rewrite {
  readonly prefix?: string;
  readonly authority?: string;
  readonly regex?: { readonly match: string; readonly substitution: string };
}

export type HashPolicy =
  | { readonly kind: 'header'; readonly name: string }
  | {
      readonly kind: 'cookie';
      readonly name: string;
      readonly path?: string;
      readonly ttlMs?: number;
    }
  | { readonly kind: 'source-ip' }
  | { readonly kind: 'query'; readonly name: string };

export interface RedirectAction {
  readonly kind: 'redirect';
  readonly path?: string;
  readonly prefix?: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly port?: number;
  readonly status: number;
}

export interface HeaderChanges {
  readonly request: HeaderOperations;
  readonly response: HeaderOperations;
}

export interface HeaderOperations {
  readonly set: readonly Header[];
  readonly add: readonly Header[];
  readonly remove: readonly string[];
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface Fault {
  readonly delay?: { readonly ms: number; readonly percent: number };
  readonly abort?: { readonly percent: number; readonly status: FaultStatus };
}

export type FaultStatus =
  | { readonly kind: 'http'; readonly code: number }
  | { readonly kind: 'grpc'; readonly code: number };

export interface CorsPolicy {
  readonly origins: readonly ValueMatch[];
  readonly methods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds?: number;
  readonly credentials?: boolean;
  readonly forwardUnmatchedPreflights?: boolean;
}
