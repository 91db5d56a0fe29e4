import type {
  HttpDirectResponse,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
} from '../api/virtual-service-schema.ts';
import type {
  ForwardAction,
  HashPolicy,
  Mirror,
  RedirectAction,
  RetryPolicy,
  Rewrite,
  RouteAction,
  WeightedCluster,
} from '../ir/route.ts';
import type { Destinations } from './destinations.ts';
import { authorityOf, noHeaderChanges, translateHeaderChanges } from './route-headers.ts';
import { milliseconds } from './traffic-policy.ts';

/**
 * What callers get without a word from the user (Istio's default retry policy), besides the repetition of safe
 * requests (see RouteTable).
 */
export const defaultRetry: RetryPolicy = {
  attempts: 2,
  retryOn:
    'connect-failure,refused-stream,unavailable,cancelled,reset-before-request,retriable-status-codes',
  retriableStatusCodes: [503],
  avoidPreviousHosts: true,
};

/** Everything to one cluster, with the defaults of the mesh. */
export function forwardTo(cluster: string, hash: readonly HashPolicy[] = []): ForwardAction {
  return {
    kind: 'forward',
    clusters: [{ name: cluster, weight: 1, headers: noHeaderChanges }],
    timeoutMs: 0,
    retry: defaultRetry,
    mirrors: [],
    rewrite: {},
    hash,
  };
}

/** What happens to the requests of a rule, sent to `port`. Undefined when the rule says nothing. */
export function translateAction(
  route: HttpRoute,
  port: number,
  destinations: Destinations,
): RouteAction | undefined {
  if (route.redirect !== undefined) return translateRedirect(route.redirect, port);
  if (route.directResponse !== undefined) return translateResponse(route.directResponse);
  return route.route === undefined || route.route.length === 0
    ? undefined
    : translateForward(route, port, destinations);
}

function translateForward(
  route: HttpRoute,
  port: number,
  destinations: Destinations,
): ForwardAction {
  const targets = route.route ?? [];
  const resolved = targets.map(({ destination }) => destinations(destination, port));
  const retry = route.retries === undefined ? defaultRetry : translateRetry(route.retries);
  return {
    kind: 'forward',
    clusters: targets
      .map(({ weight, headers }, index): WeightedCluster => ({
        name: resolved[index]?.cluster ?? '',
        weight: targets.length === 1 ? 1 : (weight ?? 0),
        headers: translateHeaderChanges(headers),
      }))
      .filter(({ weight }) => weight > 0),
    timeoutMs: milliseconds(route.timeout) ?? 0,
    ...(retry === undefined ? {} : { retry }),
    ...(route.retries === undefined ? {} : { ownRetry: true }),
    mirrors: translateMirrors(route, port, destinations),
    rewrite: translateRewrite(route.rewrite, authorityOf(route.headers)),
    hash: uniqueBy(
      resolved.flatMap(({ hash }) => hash),
      (policy) => JSON.stringify(policy),
    ),
  };
}

function uniqueBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

/** No attempts, no retries. Numbers among the conditions are status codes (as Istio reads them). */
function translateRetry(retries: HttpRetry): RetryPolicy | undefined {
  const { attempts, perTryTimeout, retryOn, backoff, retryIgnorePreviousHosts } = retries;
  if (attempts === undefined || attempts <= 0) return undefined;
  const perTryTimeoutMs = milliseconds(perTryTimeout);
  const backoffMs = milliseconds(backoff);
  return {
    attempts,
    ...translateConditions(retryOn),
    ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }),
    ...(backoffMs === undefined ? {} : { backoffMs }),
    avoidPreviousHosts: retryIgnorePreviousHosts ?? true,
  };
}

function translateConditions(
  retryOn: string | undefined,
): Pick<RetryPolicy, 'retryOn' | 'retriableStatusCodes'> {
  if (retryOn === undefined || retryOn === '') return defaultRetry;
  const conditions = retryOn.split(',').map((condition) => condition.trim());
  const codes = conditions.filter((condition) => /^\d{3}$/.test(condition)).map(Number);
  const words = conditions.filter((condition) => condition !== '' && !/^\d{3}$/.test(condition));
  const implied = codes.length > 0 && !words.includes('retriable-status-codes');
  return {
    retryOn: [...words, ...(implied ? ['retriable-status-codes'] : [])].join(','),
    retriableStatusCodes: codes,
  };
}

function translateMirrors(
  route: HttpRoute,
  port: number,
  destinations: Destinations,
): readonly Mirror[] {
  const single =
    route.mirror === undefined
      ? []
      : [
          {
            destination: route.mirror,
            percent: route.mirrorPercentage?.value ?? route.mirrorPercent ?? route.mirror_percent,
          },
        ];
  const several = (route.mirrors ?? []).map(({ destination, percentage }) => ({
    destination,
    percent: percentage?.value,
  }));
  return [...single, ...several]
    .map(({ destination, percent }) => ({
      cluster: destinations(destination, port).cluster,
      percent: percent ?? 100,
    }))
    .filter(({ percent }) => percent > 0);
}

function translateRewrite(
  rewrite: HttpRewrite | undefined,
  setAuthority: string | undefined,
): Rewrite {
  const authority = rewrite?.authority ?? setAuthority;
  const regex = rewrite?.uriRegexRewrite;
  return {
    ...(rewrite?.uri === undefined ? {} : { prefix: rewrite.uri }),
    ...(authority === undefined ? {} : { authority }),
    ...(regex === undefined
      ? {}
      : { regex: { match: regex.match ?? '', substitution: regex.rewrite ?? '' } }),
  };
}

function translateRedirect(redirect: HttpRedirect, requestPort: number): RedirectAction {
  const port =
    redirect.port ?? (redirect.derivePort === 'FROM_REQUEST_PORT' ? requestPort : undefined);
  return {
    kind: 'redirect',
    ...(redirect.uri === undefined ? {} : { path: redirect.uri }),
    ...(redirect.prefixRewrite === undefined ? {} : { prefix: redirect.prefixRewrite }),
    ...(redirect.authority === undefined ? {} : { authority: redirect.authority }),
    ...(redirect.scheme === undefined ? {} : { scheme: redirect.scheme }),
    ...(port === undefined ? {} : { port }),
    status: redirect.redirectCode ?? 301,
  };
}

function translateResponse({ status, body }: HttpDirectResponse): RouteAction {
  if (body?.string !== undefined) {
    return { kind: 'respond', status, body: { kind: 'text', text: body.string } };
  }
  if (body?.bytes !== undefined) {
    return { kind: 'respond', status, body: { kind: 'bytes', base64: body.bytes } };
  }
  return { kind: 'respond', status };
}
