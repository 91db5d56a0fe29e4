import type { HeaderMatch, QueryMatch, RouteMatch, ValueMatch } from '../ir/route.ts';
import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch as RouteMatchMessage,
} from '../proto/generated/envoy/config/route/v3/route_components_pb.js';
import type { StringMatcher } from '../proto/generated/envoy/type/matcher/v3/string_pb.js';
import type { Init } from '../proto/init.ts';

export function toRouteMatch(match: RouteMatch): Init<RouteMatchMessage> {
  return {
    pathSpecifier: toPath(match),
    caseSensitive: match.ignoreCase ? false : undefined,
    headers: match.headers.map(toHeaderMatcher),
    queryParameters: match.query.map(toQueryMatcher),
  };
}

type PathSpecifier = NonNullable<Init<RouteMatchMessage>['pathSpecifier']>;

function toPath({ path }: RouteMatch): PathSpecifier {
  switch (path.kind) {
    case 'exact':
      return { case: 'path', value: path.value };
    case 'prefix':
      return { case: 'prefix', value: path.value };
    case 'regex':
      return { case: 'safeRegex', value: { regex: path.value } };
  }
}

/**
 * An inverted match is to hold also when the header is missing: Envoy lets no match on a value hold for a
 * missing header, inverted or not, unless it may take it for an empty one.
 */
function toHeaderMatcher({ name, value, invert }: HeaderMatch): Init<HeaderMatcher> {
  return {
    name,
    invertMatch: invert ? true : undefined,
    treatMissingHeaderAsEmpty: invert && value.kind !== 'present' ? true : undefined,
    headerMatchSpecifier:
      value.kind === 'present'
        ? { case: 'presentMatch', value: true }
        : { case: 'stringMatch', value: toStringMatcher(value) },
  };
}

function toQueryMatcher({ name, value }: QueryMatch): Init<QueryParameterMatcher> {
  return {
    name,
    queryParameterMatchSpecifier:
      value.kind === 'present'
        ? { case: 'presentMatch', value: true }
        : { case: 'stringMatch', value: toStringMatcher(value) },
  };
}

/** A value that only has to be present matches any text. */
export function toStringMatcher(value: ValueMatch): Init<StringMatcher> {
  switch (value.kind) {
    case 'exact':
      return { matchPattern: { case: 'exact', value: value.value } };
    case 'prefix':
      return { matchPattern: { case: 'prefix', value: value.value } };
    case 'regex':
      return { matchPattern: { case: 'safeRegex', value: { regex: value.value } } };
    case 'present':
      return { matchPattern: { case: 'safeRegex', value: { regex: '.*' } } };
  }
}
