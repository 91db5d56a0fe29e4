import type { HttpMatchRequest, StringMatch } from '../api/virtual-service-schema.ts';
import type { HeaderMatch, PathMatch, RouteMatch, ValueMatch } from '../ir/route.ts';

/** Matches every request. */
export const matchAll: RouteMatch = {
  path: { kind: 'prefix', value: '/' },
  ignoreCase: false,
  headers: [],
  query: [],
};

/** The conditions of a rule that the proxy itself checks; those on the caller are decided before. */
export function translateMatch(match: HttpMatchRequest): RouteMatch {
  const { uri, method, scheme, authority } = match;
  return {
    path: translatePath(uri),
    ignoreCase: match.ignoreUriCase ?? false,
    headers: [
      ...translateHeaders({
        ...(method === undefined ? {} : { ':method': method }),
        ...(scheme === undefined ? {} : { ':scheme': scheme }),
        ...(authority === undefined ? {} : { ':authority': authority }),
      }),
      ...translateHeaders(match.headers ?? {}),
      ...translateHeaders(match.withoutHeaders ?? {}, true),
    ],
    query: sortedEntries(match.queryParams ?? {}).map(([name, value]) => ({
      name,
      value: translateValue(value),
    })),
  };
}

function translatePath(uri: StringMatch | undefined): PathMatch {
  const value = uri === undefined ? undefined : translateValue(uri);
  return value === undefined || value.kind === 'present' ? matchAll.path : value;
}

function translateHeaders(
  headers: Readonly<Record<string, StringMatch>>,
  invert = false,
): readonly HeaderMatch[] {
  return sortedEntries(headers).map(([name, match]) => ({
    name: name.toLowerCase(),
    value: translateValue(match),
    invert,
  }));
}

/** An empty match, and the regular expression `*`, mean that the value is present (as in Istio). */
export function translateValue(match: StringMatch): ValueMatch {
  if (match.exact !== undefined) return { kind: 'exact', value: match.exact };
  if (match.prefix !== undefined && match.prefix !== '') {
    return { kind: 'prefix', value: match.prefix };
  }
  if (match.regex !== undefined && match.regex !== '*') {
    return { kind: 'regex', value: match.regex };
  }
  return { kind: 'present' };
}

/** Entries by name: the order in a map means nothing and must not change the result. */
export function sortedEntries<T>(
  map: Readonly<Record<string, T>>,
): readonly (readonly [string, T])[] {
  return Object.entries(map).sort(([left], [right]) => (left < right ? -1 : 1));
}
