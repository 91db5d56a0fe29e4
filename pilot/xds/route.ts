import { routeMetadata } from '../../sidecar/contract/access-log.ts';
import type { CorsPolicy, Fault, Route, RouteTable, VirtualHost } from '../ir/route.ts';
import {
  CorsPolicySchema,
  HeaderMutationPerRouteSchema,
  HttpFaultSchema,
} from '../proto/extensions.ts';
import type { Route as RouteMessage } from '../proto/generated/envoy/config/route/v3/route_components_pb.js';
import { type Init, encoded } from '../proto/init.ts';
import {
  FilterConfigSchema,
  RouteConfigurationSchema,
  VirtualHostSchema,
} from '../proto/messages.ts';
import { encode, packAny } from '../proto/writer.ts';
import { httpFilterNames } from './http-filters.ts';
import { toDirectResponse, toRedirect, toRouteAction } from './route-action.ts';
import { appendAction, headerFields } from './route-headers.ts';
import { toRouteMatch, toStringMatcher } from './route-match.ts';
import { duration, fractionalPercent } from './values.ts';

/**
 * The bytes of an envoy.config.route.v3.RouteConfiguration. Its virtual hosts are encoded one by one by
 * `encodeHost`, so that a caller who remembers them encodes only the one that changed.
 */
export function encodeRouteTable(
  { name, virtualHosts, repeatsSafe }: RouteTable,
  encodeHost: (host: VirtualHost) => Uint8Array = encodeVirtualHost,
): Uint8Array {
  return encode(RouteConfigurationSchema, {
    name,
    virtualHosts: virtualHosts.map((host) => encoded(VirtualHostSchema, encodeHost(host))),
    validateClusters: false,
    typedPerFilterConfig:
      repeatsSafe === undefined ? {} : { [httpFilterNames.repeatSafe]: repeatSafe },
    maxDirectResponseBodySizeBytes: 1024 * 1024,
  });
}

/**
 * The router adds the conditions of this header to those of the route's policy, and takes the header away. A
 * policy alone cannot tell methods apart, and two routes for each rule would double the tables.
 */
const repeatSafe = packAny(HeaderMutationPerRouteSchema, {
  mutations: {
    requestMutations: [
      {
        action: {
          case: 'append',
          value: {
            header: {
              key: 'x-envoy-retry-on',
              value: "%CEL(request.method in ['GET', 'HEAD', 'OPTIONS', 'TRACE'] ? 'reset' : '')%",
            },
            appendAction: appendAction.ADD_IF_ABSENT,
          },
        },
      },
    ],
  },
});

const switchedOff = packAny(FilterConfigSchema, { disabled: true });

export function encodeVirtualHost({ name, domains, routes }: VirtualHost): Uint8Array {
  return encode(VirtualHostSchema, {
    name,
    domains,
    routes: routes.map(toRoute),
    includeRequestAttemptCount: true,
  });
}

function toRoute(route: Route): Init<RouteMessage> {
  return {
    name: route.name,
    match: toRouteMatch(route.match),
    action: toAction(route),
    decorator: { operation: route.operation },
    metadata:
      route.origin === undefined
        ? undefined
        : {
            filterMetadata: {
              [routeMetadata.namespace]: {
                [routeMetadata.rule]: route.origin.rule,
                [routeMetadata.path]: route.origin.path,
              },
            },
          },
    typedPerFilterConfig: {
      ...(route.fault === undefined ? {} : { [httpFilterNames.fault]: toFault(route.fault) }),
      ...(route.action.kind === 'forward' && route.action.ownRetry === true
        ? { [httpFilterNames.repeatSafe]: switchedOff }
        : {}),
      ...(route.cors === undefined ? {} : { [httpFilterNames.cors]: toCors(route.cors) }),
    },
    ...headerFields(route.headers),
  };
}

function toAction({ action }: Route): NonNullable<Init<RouteMessage>['action']> {
  switch (action.kind) {
    case 'forward':
      return { case: 'route', value: toRouteAction(action) };
    case 'redirect':
      return { case: 'redirect', value: toRedirect(action) };
    case 'respond':
      return { case: 'directResponse', value: toDirectResponse(action.status, action.body) };
  }
}

function toFault({ delay, abort }: Fault): ReturnType<typeof packAny> {
  return packAny(HttpFaultSchema, {
    delay:
      delay === undefined
        ? undefined
        : {
            percentage: fractionalPercent(delay.percent),
            faultDelaySecifier: { case: 'fixedDelay', value: duration(delay.ms) },
          },
    abort:
      abort === undefined
        ? undefined
        : {
            percentage: fractionalPercent(abort.percent),
            errorType:
              abort.status.kind === 'http'
                ? { case: 'httpStatus', value: abort.status.code }
                : { case: 'grpcStatus', value: abort.status.code },
          },
  });
}

function toCors(cors: CorsPolicy): ReturnType<typeof packAny> {
  const list = (values: readonly string[]): string | undefined =>
    values.length === 0 ? undefined : values.join(',');
  return packAny(CorsPolicySchema, {
    allowOriginStringMatch: cors.origins.map(toStringMatcher),
    allowMethods: list(cors.methods),
    allowHeaders: list(cors.allowHeaders),
    exposeHeaders: list(cors.exposeHeaders),
    maxAge: cors.maxAgeSeconds === undefined ? undefined : String(cors.maxAgeSeconds),
    allowCredentials: cors.credentials,
    forwardNotMatchingPreflights: cors.forwardUnmatchedPreflights,
  });
}
