import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required } from './field-error.ts';
import {
  checkGateways,
  checkHeaderName,
  checkLabels,
  checkNamespace,
  checkOneOf,
  checkPort,
  checkRegex,
} from './field-rules.ts';
import type { HttpMatchRequest, StringMatch } from './virtual-service-schema.ts';

/** The rules of one match. Routes that delegate take no regular expressions, as in Istio. */
export function* checkHttpMatch(
  path: string,
  match: HttpMatchRequest,
  delegates: boolean,
): Iterable<FieldError> {
  yield* checkUri(`${path}.uri`, match.uri, delegates);
  for (const [place, value] of stringMatches(path, match)) {
    yield* checkStringMatch(place, value, delegates);
  }
  yield* checkParameterNames(`${path}.queryParams`, match.queryParams);
  yield* checkHeaderNames(`${path}.headers`, match.headers);
  yield* checkHeaderNames(`${path}.withoutHeaders`, match.withoutHeaders);
  yield* checkPort(`${path}.port`, match.port);
  yield* checkLabels(`${path}.sourceLabels`, match.sourceLabels);
  yield* checkGateways(`${path}.gateways`, match.gateways);
  yield* checkNamespace(`${path}.sourceNamespace`, match.sourceNamespace);
}

/** Checks that at most one way of matching is set and that it can match something. */
export function* checkStringMatch(
  path: string,
  match: StringMatch,
  delegates: boolean,
): Iterable<FieldError> {
  yield* checkOneOf(path, match, ['exact', 'prefix', 'regex']);
  if (match.prefix === '') {
    yield invalid(`${path}.prefix`, '', 'must not be empty; leave the match out to match all');
  }
  if (match.regex !== undefined && delegates) {
    yield forbidden(`${path}.regex`, 'a route that delegates takes no regular expressions');
  } else {
    yield* checkRegex(`${path}.regex`, match.regex);
  }
}

/** Every path begins with an empty text: such a prefix is a match of all paths. */
function* checkUri(
  path: string,
  uri: StringMatch | undefined,
  delegates: boolean,
): Iterable<FieldError> {
  if (uri === undefined) return;
  const { prefix, ...others } = uri;
  yield* checkStringMatch(path, prefix === '' ? others : uri, delegates);
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

function* checkHeaderNames(
  path: string,
  headers: Readonly<Record<string, StringMatch>> | undefined,
): Iterable<FieldError> {
  for (const name of Object.keys(headers ?? {})) {
    // Istio routes by claims of a verified token under names such as @request.auth.claims.group.
    if (!name.startsWith('@request.auth.claims')) yield* checkHeaderName(path, name);
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
