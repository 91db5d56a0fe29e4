import fc, { type Arbitrary } from 'fast-check';
import { findCommandFault } from '../../../pilot/api/header-commands.ts';

/** Headers that are matched, set and removed. */

/** Names that every field for headers takes. */
export const headerNames: Arbitrary<string> = fc.constantFrom(
  'x-user',
  'end-user',
  'Cookie',
  'x_under',
  'X-Request-Id',
  'authority',
  'connection',
  'content-length',
  'transfer-encoding',
  'x-envoy-retry-on',
  'x-envoy-internal',
  'x-b3-traceid',
  '0',
  '-',
  '_',
  'x'.repeat(300),
  'x'.repeat(16_384),
);

/** Names that only a match takes: any of HTTP, request data, claims of a token. */
export const matchedHeaderNames: Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: headerNames },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ':path',
      ':authority',
      ':method',
      ':scheme',
      ':status',
      'x!#$&*+.^`|~',
    ),
  },
  { weight: 1, arbitrary: fc.constant('@request.auth.claims.group') },
);

/** Names that may be set, which are those of RFC 9110. */
const setHeaderNames: Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: headerNames },
  { weight: 1, arbitrary: fc.constantFrom('x!#$&*+.^`|~', "x'y") },
);

const commands = [
  '%REQ(x-user)%',
  '%REQ(x-user?:path):10%',
  '%REQ()%',
  '%RESP(server)%',
  '%REQ(a?b?c)%',
  '%REQ(x-user:3)%',
  '%DOWNSTREAM_REMOTE_ADDRESS%',
  '%DOWNSTREAM_REMOTE_ADDRESS():3%',
  '%DOWNSTREAM_REMOTE_ADDRESS:3%',
  '%UPSTREAM_HOST%',
  '%PROTOCOL%',
  '%START_TIME%',
  '%START_TIME(%Y-%m-%d)%',
  '%START_TIME(%s.%3f)%',
  '%START_TIME(%)%',
  '%UPSTREAM_METADATA(["a", "b"])%',
  '%UPSTREAM_METADATA(a:b)%',
  '%DYNAMIC_METADATA(a:b)%',
  '%DYNAMIC_METADATA(["a", "b"])%',
  '%DYNAMIC_METADATA()%',
  '%PER_REQUEST_STATE(a)%',
  '%FILTER_STATE(a)%',
  '%FILTER_STATE(a:PLAIN:5)%',
  '%FILTER_STATE(a:WRONG)%',
  '%CEL(request.path)%',
  '%CEL((((%',
  '%CEL(request.path)(%',
  '%ENVIRONMENT(HOME)%',
  '%ENVIRONMENT()%',
  '%RESPONSE_CODE%',
  '%RESPONSE_CODE(x)%',
  '%RESPONSE_FLAGS%',
  '%HOSTNAME%',
  '%ROUTE_NAME%',
  '%STREAM_ID%',
  '%TRACE_ID%',
  '%BYTES_RECEIVED%',
  '%GRPC_STATUS%',
  '%GRPC_STATUS(SNAKE_STRING)%',
  '%GRPC_STATUS(X)%',
  '%METADATA(ROUTE:a:b)%',
  '%METADATA(NOTHING:a)%',
  '%QUERY_PARAM(a)%',
  '%PATH(WQ)%',
  '%PATH(XX)%',
  '%COALESCE({"operators":["HOSTNAME"]})%',
  '%COALESCE(x)%',
  '%SECRET(a)%',
  '%TRAILER(a)%',
  '%DURATION%',
  '%COMMON_DURATION(DS_RX_BEG:DS_RX_END:ms)%',
  '%COMMON_DURATION(a:b:c)%',
  '%UNIQUE_ID%',
  '%CONNECTION_ID%',
  '%VIRTUAL_CLUSTER_NAME%',
  '%UNKNOWN_COMMAND%',
  '%lower%',
  '%REQ(x-user%',
  '%REQ(x-user)',
  '%REQ%',
  '%REQ(x)%REQ(y)%',
  '%(%',
  '%_%',
  '%0%',
  '%%',
  '%%%',
  '%%%%',
  '100%',
  '50%25',
] as const;

export const headerValues: Arbitrary<string> = fc
  .oneof(
    { weight: 3, arbitrary: fc.constantFrom('a', 'jason', '', 'a, b', 'ü', '"q"', '\t', ' x ') },
    { weight: 3, arbitrary: fc.constantFrom(...commands) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.constantFrom(...commands, 'a', ' ', '%', '(', ')', ':', '['), { maxLength: 3 })
        .map((it) => it.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('x'.repeat(16_384)) },
  )
  .filter((value) => findCommandFault(value) === undefined);

export const headerMaps: Arbitrary<Readonly<Record<string, string>>> = fc.dictionary(
  setHeaderNames,
  headerValues,
  { maxKeys: 2 },
);
