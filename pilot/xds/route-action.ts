import type {
  ForwardAction,
  HashPolicy,
  Mirror,
  RedirectAction,
  ResponseBody,
  RetryPolicy,
  Rewrite,
  WeightedCluster,
} from '../ir/route.ts';
import { PreviousHostsPredicateSchema } from '../proto/extensions.ts';
import type {
  DirectResponseAction as DirectResponseMessage,
  RedirectAction as RedirectMessage,
  RedirectAction_RedirectResponseCode,
  RetryPolicy as RetryMessage,
  RouteAction as RouteActionMessage,
  RouteAction_HashPolicy as HashPolicyMessage,
  RouteAction_RequestMirrorPolicy as MirrorMessage,
} from '../proto/generated/envoy/config/route/v3/route_components_pb.js';
import type { Init } from '../proto/init.ts';
import { RedirectAction_RedirectResponseCodeValues } from '../proto/messages.ts';
import { packAny } from '../proto/writer.ts';
import { headerFields } from './route-headers.ts';
import { duration, fractionalPercent, optionalDuration } from './values.ts';

/** Forwarding to one cluster or to several by weight. */
export function toRouteAction(action: ForwardAction): Init<RouteActionMessage> {
  return {
    clusterSpecifier: clusterSpecifier(action.clusters),
    timeout: duration(action.timeoutMs),
    // Only gRPC clients get this limit: with it Envoy takes no notice of `timeout` (Envoy API, RouteAction).
    maxStreamDuration:
      action.maxDurationMs === undefined
        ? undefined
        : { maxStreamDuration: duration(action.maxDurationMs) },
    retryPolicy: action.retry === undefined ? undefined : toRetryPolicy(action.retry),
    requestMirrorPolicies: action.mirrors.map(toMirror),
    hashPolicy: action.hash.map(toHashPolicy),
    ...rewriteFields(action.rewrite),
  };
}

type Fields = Partial<Init<RouteActionMessage>>;

function clusterSpecifier(clusters: readonly WeightedCluster[]): Fields['clusterSpecifier'] {
  const [first] = clusters;
  const plain = first !== undefined && clusters.length === 1 && !changesHeaders(first);
  if (plain) return { case: 'cluster', value: first.name };
  return {
    case: 'weightedClusters',
    value: {
      clusters: clusters.map(({ name, weight, headers }) => ({
        name,
        weight,
        ...headerFields(headers),
      })),
    },
  };
}

function changesHeaders({ headers }: WeightedCluster): boolean {
  return [headers.request, headers.response].some(
    ({ set, add, remove }) => set.length + add.length + remove.length > 0,
  );
}

/** A retry goes to another host when there is one; five tries to find it (Istio's default). */
function toRetryPolicy(retry: RetryPolicy): Init<RetryMessage> {
  return {
    numRetries: retry.attempts,
    retryOn: retry.retryOn,
    retriableStatusCodes: retry.retriableStatusCodes,
    perTryTimeout: optionalDuration(retry.perTryTimeoutMs),
    retryBackOff:
      retry.backoffMs === undefined
        ? undefined
        : { baseInterval: duration(retry.backoffMs), maxInterval: duration(retry.backoffMs * 10) },
    hostSelectionRetryMaxAttempts: 5n,
    retryHostPredicate: retry.avoidPreviousHosts ? [previousHosts] : [],
  };
}

const previousHosts = {
  name: 'envoy.retry_host_predicates.previous_hosts',
  configType: {
    case: 'typedConfig',
    value: packAny(PreviousHostsPredicateSchema, {}),
  },
} as const;

function toMirror({ cluster, percent }: Mirror): Init<MirrorMessage> {
  return { cluster, runtimeFraction: { defaultValue: fractionalPercent(percent) } };
}

function toHashPolicy(policy: HashPolicy): Init<HashPolicyMessage> {
  switch (policy.kind) {
    case 'header':
      return { policySpecifier: { case: 'header', value: { headerName: policy.name } } };
    case 'cookie':
      return {
        policySpecifier: {
          case: 'cookie',
          value: { name: policy.name, path: policy.path, ttl: optionalDuration(policy.ttlMs) },
        },
      };
    case 'source-ip':
      return { policySpecifier: { case: 'connectionProperties', value: { sourceIp: true } } };
    case 'query':
      return { policySpecifier: { case: 'queryParameter', value: { name: policy.name } } };
  }
}

function rewriteFields({ prefix, authority, regex }: Rewrite): Fields {
  return {
    prefixRewrite: prefix,
    hostRewriteSpecifier:
      authority === undefined ? undefined : { case: 'hostRewriteLiteral', value: authority },
    regexRewrite:
      regex === undefined
        ? undefined
        : { pattern: { regex: regex.match }, substitution: regex.substitution },
  };
}

export function toRedirect(redirect: RedirectAction): Init<RedirectMessage> {
  return {
    hostRedirect: redirect.authority,
    portRedirect: redirect.port,
    schemeRewriteSpecifier:
      redirect.scheme === undefined
        ? undefined
        : { case: 'schemeRedirect', value: redirect.scheme },
    pathRewriteSpecifier: redirectPath(redirect),
    responseCode: redirectCodes[redirect.status],
  };
}

function redirectPath({
  path,
  prefix,
}: RedirectAction): Init<RedirectMessage>['pathRewriteSpecifier'] {
  if (path !== undefined) return { case: 'pathRedirect', value: path };
  return prefix === undefined ? undefined : { case: 'prefixRewrite', value: prefix };
}

const redirectCodes: Readonly<Record<number, RedirectAction_RedirectResponseCode>> = {
  301: RedirectAction_RedirectResponseCodeValues.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCodeValues.FOUND,
  303: RedirectAction_RedirectResponseCodeValues.SEE_OTHER,
  307: RedirectAction_RedirectResponseCodeValues.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCodeValues.PERMANENT_REDIRECT,
};

export function toDirectResponse(
  status: number,
  body: ResponseBody | undefined,
): Init<DirectResponseMessage> {
  if (body === undefined) return { status };
  const specifier =
    body.kind === 'text'
      ? ({ case: 'inlineString', value: body.text } as const)
      : ({ case: 'inlineBytes', value: Buffer.from(body.base64, 'base64') } as const);
  return { status, body: { specifier } };
}
