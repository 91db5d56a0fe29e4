import fc, { type Arbitrary } from 'fast-check';
import { findCommandFault } from '../../pilot/api/header-commands.ts';
import { findRegexFault } from '../../pilot/api/regex.ts';

/**
 * Values of single fields that mean something to the mesh, to Envoy or to neither. Most of them are valid, because an
 * object is refused for a single one that is not; of what is made at random, the rules that judge it choose.
 */

const longLabel = 'a'.repeat(63);

/** Names by which rules name services: of the registry, of ServiceEntries, of nothing. */
export const serviceNames = [
  'reviews',
  'reviews.service.consul',
  'reviews.service',
  'ratings',
  'db',
  'chat.service.consul',
  'plain',
  'ext.example.com',
  'api.example.com',
  'missing',
  'missing.example.com',
] as const;

export const ruleHosts: Arbitrary<string> = fc.constantFrom(
  ...serviceNames,
  ...serviceNames,
  '*.service.consul',
  '*.example.com',
  '*-suffix.example.com',
  'Ext.Example.com',
  'under_score.example.com',
  'xn--bcher-kva.example',
  `${longLabel}.example.com`,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}.c`,
  'dot.example.com.',
  '10.1.2.3',
);

export const entryHosts: Arbitrary<string> = fc.constantFrom(
  'ext.example.com',
  'api.example.com',
  '*.example.com',
  'Ext.Example.com',
  'ext.example.com.',
  'reviews.service.consul',
  'fresh.service.consul',
  'fresh',
  'fresh.service',
  'reviews',
  '10.1.2.3.service.consul',
  '*-suffix.example.com',
  '*suffix.example.com',
  '*.service.consul',
  '*.com',
  'under_score.example.com',
  `${longLabel}.example.com`,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}.c`,
  '240.240.0.1.service.consul',
);

export const addresses: Arbitrary<string> = fc.constantFrom(
  '10.9.9.9',
  '10.9.9.10',
  '10.9.9.9/32',
  '10.9.0.0/16',
  '0.0.0.0',
  '127.0.0.1',
  '255.255.255.255',
  '224.0.0.1',
  '240.240.0.1',
  'fd00::1',
  'fd00::1:80',
  'FD00::1',
  'fd00:0:0:0:0:0:0:1',
  '::',
  '::1',
  '::ffff:10.9.9.9',
  'fd00::/8',
);

/** Addresses of endpoints. What is a name ends in .invalid, and is asked of a resolver that knows none. */
export const endpointAddresses: Arbitrary<string> = fc.constantFrom(
  '10.2.0.1',
  '10.2.0.2',
  '127.0.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  'fd00::2',
  '::1',
  '::ffff:10.2.0.1',
  'one.invalid',
  'two.invalid.',
  'UPPER.invalid',
  'under_score.invalid',
  `${longLabel}.invalid`,
  'unix:///var/run/app.sock',
  'unix://@abstract',
  `unix:///${'x'.repeat(106)}`,
);

export const ports: Arbitrary<number> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(80, 80, 443, 9080, 9080, 3306, 7070, 8080) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, 15_000, 15_001, 15_006, 15_021, 15_090, 65_534, 65_535),
  },
);

export const portNames: Arbitrary<string> = fc.constantFrom(
  'http',
  'http-main',
  'tcp-db',
  'main',
  'grpc',
  'https',
  'mysql',
  'tls-x',
  'HTTP',
  'a',
  'x'.repeat(62),
  '0',
);

export const protocolNames: Arbitrary<string> = fc.constantFrom(
  'HTTP',
  'HTTP',
  'http2',
  'GRPC',
  'GRPC-WEB',
  'HTTP_PROXY',
  'TCP',
  'TCP',
  'TLS',
  'HTTPS',
  'UDP',
  'MONGO',
  'MYSQL',
  'REDIS',
  '',
);

export const subsetNames: Arbitrary<string> = fc.constantFrom(
  'v1',
  'v2',
  'v3',
  'v1-a',
  '0',
  longLabel,
);

export const labels: Arbitrary<Readonly<Record<string, string>>> = fc.dictionary(
  fc.constantFrom('version', 'app', 'example.com/tier', 'under_score', 'UPPER'),
  fc.constantFrom('v1', 'v2', 'v3', '', 'a.b_c-d', longLabel),
  { maxKeys: 2 },
);

/** Names of objects; the longest that a label of DNS may be, and several of them. */
export const objectNames: Arbitrary<string> = fc.constantFrom(
  'a',
  'b',
  'c',
  'd',
  'e.f',
  longLabel,
  `${longLabel}.${longLabel}.${longLabel}.${'b'.repeat(59)}`,
);

export const namespaces: Arbitrary<string> = fc.constantFrom('default', 'other', longLabel);

/** Go's durations, from the least that Istio allows to the most that Go can count. */
export const durations: Arbitrary<string> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.constantFrom('1ms', '25ms', '0.5s', '1s', '1.5s', '10s', '1m30s', '1h', '24h'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '+1s',
      '1000000us',
      '8760h',
      '876000h',
      '2562047h47m16.854s',
      '4294967s',
      '4294968s',
      '2147483647s',
      '4294967296s',
      '9223372036s',
      '1.001s',
    ),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 100_000_000 }).map((ms) => `${ms}ms`) },
);

const regexPieces = [
  'a',
  'reviews',
  '.',
  '.*',
  '.+',
  '^',
  '$',
  '|',
  '(',
  ')',
  '(?:',
  '(?i)',
  '(?i:',
  '(?P<name>',
  '(?<name>',
  '(?-s)',
  '(?ims-U)',
  '[a-z]',
  '[^/]',
  '[]a]',
  '[[:alpha:]]',
  '[[:^digit:]]',
  '[\\d.-]',
  '[z-a]',
  '[[:foo:]]',
  '[\\p{L}]',
  '[a-\\d]',
  '[\\Qa]',
  '*',
  '+',
  '?',
  '*?',
  '{2}',
  '{2,}',
  '{2,5}',
  '{,5}',
  '{1000}',
  '{1001}',
  '\\d',
  '\\w',
  '\\b',
  '\\B',
  '\\A',
  '\\z',
  '\\Z',
  '\\C',
  '\\.',
  '\\/',
  '\\_',
  '\\-',
  '\\ ',
  '\\"',
  '\\pL',
  '\\p{Greek}',
  '\\P{^Lu}',
  '\\p{Foo}',
  '\\pX',
  '\\x41',
  '\\x{1F600}',
  '\\x{110000}',
  '\\xZ',
  '\\0',
  '\\07',
  '\\123',
  '\\1',
  '\\8',
  '\\Qa.b\\E',
  '\\Q',
  '\\E',
  '\\n',
  '\\a',
  '\\e',
  '\\u0041',
  '\\h',
  '\\é',
  'é',
  '😀',
  '/',
  '{',
  '}',
  ']',
  '-',
  ' ',
] as const;

export const regexes: Arbitrary<string> = fc
  .oneof(
    fc.constantFrom(
      '.*',
      '.+',
      '^/api/v[0-9]+(/.*)?$',
      '(?i)firefox|chrome',
      '^(.*?;)?(user=jason)(;.*)?$',
      '[[:alpha:]]+',
      'x{1000}',
      '(x{100}){10}',
      '(x{100}){11}',
      '((x{10}){10}){10}',
      '((x{10}){10}){11}',
      '(\\pL{500}){2}',
      '\\pL{1000}',
      '.{1000}',
      '.{0,1000}',
      '[^a]{1000}',
      `(${'ab|'.repeat(300)}c)`,
      'a'.repeat(1024),
      'é'.repeat(512),
      'é'.repeat(1024),
      '😀'.repeat(512),
      '(?i)ß',
      '.{1000}'.repeat(10),
      '.{1000}'.repeat(40),
    ),
    fc
      .array(fc.constantFrom(...regexPieces), { minLength: 1, maxLength: 5 })
      .map((it) => it.join('')),
  )
  .filter((regex) => findRegexFault(regex) === undefined);

/** Texts to compare with: as in a URL, in a header, and with characters of which only some are sent at all. */
export const texts: Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('/', '/productpage', '/api/v1', 'jason', 'GET', 'http') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'no-slash',
      '/a?b=c',
      '/a#b',
      '/%2e%2E/..//x',
      '/ü/😀',
      ' ',
      '*',
      '\\',
      '/{a}',
      '\t',
      '\u0000',
      '\n',
      '\r\nx: y',
      '\u007f',
      '\u2028',
      '/' + 'x'.repeat(5000),
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
);

const filledTexts = texts.filter((text) => text !== '');

export const stringMatches: Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 2, arbitrary: texts.map((exact) => ({ exact })) },
  { weight: 2, arbitrary: filledTexts.map((prefix) => ({ prefix })) },
  { weight: 2, arbitrary: regexes.map((regex) => ({ regex })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

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

export const paths: Arbitrary<string> = fc.constantFrom(
  '/',
  '/v1',
  '',
  'no-slash',
  '/a?b=c',
  '/ü',
  '/\u0001',
  '/{x}',
  '/x'.repeat(2000),
);

export const authorities: Arbitrary<string> = fc.constantFrom(
  'example.com',
  'example.com:8080',
  'EXAMPLE.com',
  '10.0.0.1',
  '[::1]:80',
  '',
  'a b',
  'ü.example',
  '%REQ(x)%',
  'x'.repeat(2000),
);

export const retryConditions: Arbitrary<string> = fc
  .array(
    fc.constantFrom(
      '5xx',
      'gateway-error',
      'reset',
      'connect-failure',
      'retriable-4xx',
      'refused-stream',
      'retriable-status-codes',
      'retriable-headers',
      'envoy-ratelimited',
      'http3-post-connect-failure',
      'cancelled',
      'unavailable',
      '503',
      '511',
      '100',
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((it) => it.join(','));

export const weights: Arbitrary<number> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(0, 1, 10, 50, 90, 100) },
  { weight: 1, arbitrary: fc.constantFrom(2_147_483_647, 1_000_000) },
);
