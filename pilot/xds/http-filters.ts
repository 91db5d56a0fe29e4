import {
  CorsSchema,
  HeaderMutationSchema,
  HttpFaultSchema,
  HttpRbacSchema,
  LocalRateLimitSchema,
  RouterSchema,
} from '../proto/extensions.ts';
import type { HttpFilter } from '../proto/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { Init } from '../proto/init.ts';
import { packAny } from '../proto/writer.ts';

/** Names under which routes configure the filters. */
export const httpFilterNames = {
  rbac: 'envoy.filters.http.rbac',
  localRateLimit: 'envoy.filters.http.local_ratelimit',
  cors: 'envoy.filters.http.cors',
  fault: 'envoy.filters.http.fault',
  headerMutation: 'envoy.filters.http.header_mutation',
  repeatSafe: 'composemesh.repeat_safe',
  router: 'envoy.filters.http.router',
} as const;

/**
 * The filters of every HTTP connection manager, in order. All are there from the start and do nothing until a
 * route configures them: a filter that is added later changes the listener, and that drains its connections.
 */
export const httpFilters: readonly Init<HttpFilter>[] = [
  // Who may call comes before anything that costs.
  filter(httpFilterNames.rbac, packAny(HttpRbacSchema, {})),
  filter(
    httpFilterNames.localRateLimit,
    packAny(LocalRateLimitSchema, { statPrefix: 'http_local_rate_limiter' }),
  ),
  filter(httpFilterNames.cors, packAny(CorsSchema, {})),
  filter(httpFilterNames.fault, packAny(HttpFaultSchema, {})),
  filter(httpFilterNames.headerMutation, packAny(HeaderMutationSchema, {})),
  filter(httpFilterNames.repeatSafe, packAny(HeaderMutationSchema, {})),
  filter(httpFilterNames.router, packAny(RouterSchema, {})),
];

export function filter(name: string, value: ReturnType<typeof packAny>): Init<HttpFilter> {
  return { name, configType: { case: 'typedConfig', value } };
}
