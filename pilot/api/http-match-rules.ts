import type { FieldError } from './field-error.ts';
import { asWarning, forbidden, invalid, required } from './field-error.ts';
import {
  checkGateways,
  checkHeaderToken,
  checkLabels,
  checkNamespace,
  checkOneOf,
  checkPort,
  checkRegex,
} from './field-rules.ts';
import type { HttpMatchRequest, StringMatch } from './virtual-service-schema.ts';

/** The rules of one match. Claims of tokens are for routes of Gateways only, as in Istio. */
export function* checkHttpMatch(
  path: string,
  match: HttpMatchRequest,
  takesClaims: boolean,
): Iterable<FieldError> {
  yield* checkUri(`${path}.uri`, match.uri);
  yield* checkCase(path, match);
  for (const [place, value] of stringMatches(path, match)) yield* checkStringMatch(place, value);
  yield* checkParameterNames(`${path}.queryParams`, match.queryParams);
  yield* checkHeaderNames(`${path}.headers`, match.headers, takesClaims);
  yield* checkHeaderNames(`${path}.withoutHeaders`, match.withoutHeaders, takesClaims);
  yield* checkPort(`${path}.port`, match.port);
  yield* checkLabels(`${path}.sourceLabels`, match.sourceLabels);
  yield* checkGateways(`${path}.gateways`, match.gateways);
  yield* checkNamespace(`${path}.sourceNamespace`, match.sourceNamespace);
}

/** Checks that at most one way of matching is set and that it can match something. */
export function* checkStringMatch(path: string, match: StringMatch): Iterable<FieldError> {
  yield* checkOneOf(path, match, ['exact', 'prefix', 'regex']);
  if (match.prefix === '') {
    yield invalid(`${path}.prefix`, '', 'must not be empty; leave the match out to match all');
  }
  yield* checkRegex(`${path}.regex`, match.regex);
}

/** Every path begins with an empty text: such a prefix is a match of all paths. */
function* checkUri(path: string, uri: StringMatch | undefined): Iterable<FieldError> {
  if (uri === undefined) return;
  const { prefix, ...others } = uri;
  yield* checkStringMatch(path, prefix === '' ? others : uri);
}

function* checkCase(path: string, { uri, ignoreUriCase }: HttpMatchRequest): Iterable<FieldError> {
  if (ignoreUriCase !== true || uri?.exact !== undefined || uri?.prefix !== undefined) return;
  const why = 'has no effect without uri.exact or uri.prefix; a regex says it itself, by (?i)';
  yield asWarning(forbidden(`${path}.ignoreUriCase`, why));
}

function* stringMatches(
  path: string,
  match: HttpMatchRequest,
): Iterable<readonly [string, StringMatch]> {
  for (const name of ['scheme', 'method', 'authority'] as const) {
    const value = match[name];
    if (value !== undefined) yield [`${path}.${name}`, value];
  }
  for (const name of ['headers', 'withoutHeaders', 'queryParams'] as const) {
    for (const [key, value] of Object.entries(match[name] ?? {})) {
      // In withoutHeaders the regular expression * is Istio's way to say that a header must be missing.
      if (name === 'withoutHeaders' && value.regex === '*') continue;
      yield [`${path}.${name}[${key}]`, value];
    }
  }
}

/** What Istio routes by of a verified token, such as @request.auth.claims.group or @request.auth.claims[group]. */
const claim = /^@request\.auth\.claims(?:\..|\[.+\]$)/i;

/** Request data that HTTP/2 carries as headers (RFC 9113 §8.3.1). */
const pseudoHeaders = [':method', ':scheme', ':authority', ':path', ':status'];

function* checkHeaderNames(
  path: string,
  headers: Readonly<Record<string, StringMatch>> | undefined,
  takesClaims: boolean,
): Iterable<FieldError> {
  for (const name of Object.keys(headers ?? {})) {
    if (pseudoHeaders.includes(name)) continue;
    if (!claim.test(name)) yield* checkHeaderToken(path, name);
    else if (!takesClaims) {
      yield forbidden(`${path}[${name}]`, 'claims are matched at a Gateway; name one in gateways');
    }
  }
}

/** Envoy's limit for the name of a query parameter (QueryParameterMatcher). */
const maxParameterName = 1024;

function* checkParameterNames(
  path: string,
  parameters: Readonly<Record<string, StringMatch>> | undefined,
): Iterable<FieldError> {
  for (const name of Object.keys(parameters ?? {})) {
    const bytes = Buffer.byteLength(name);
    if (bytes === 0) yield required(path, 'write the name of a query parameter');
    else if (bytes > maxParameterName) {
      yield invalid(path, name, `must not be longer than ${maxParameterName} bytes`);
    }
  }
}
