import type { HttpMatchRequest, StringMatch } from '../api/virtual-service-schema.ts';

/**
 * Whether one match takes all that another one would. It is sound, not complete: true only when it is certain, and
 * nothing is said of what regular expressions and several matches together cover.
 */

type Texts = Readonly<Record<string, string>>;
type Matches = Readonly<Record<string, StringMatch>>;

/** The conditions on the caller and on the connection, which HTTP, TLS and TCP matches share. */
export interface CallerMatch {
  readonly port?: number;
  readonly sourceLabels?: Texts;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

/** Whether every request that `narrow` matches is matched by `wide`; both are of a VirtualService for `gateways`. */
export function coversHttp(
  wide: HttpMatchRequest,
  narrow: HttpMatchRequest,
  gateways: readonly string[],
): boolean {
  return (
    coversCaller(wide, narrow, gateways) &&
    coversUri(wide, narrow) &&
    coversAlways(wide.scheme, narrow.scheme) &&
    coversAlways(wide.method, narrow.method) &&
    coversAlways(wide.authority, narrow.authority) &&
    coversAll(headersOf(wide.headers), headersOf(narrow.headers)) &&
    coversAll(parametersOf(wide.queryParams), parametersOf(narrow.queryParams)) &&
    excludesNoMore(headersOf(wide.withoutHeaders), headersOf(narrow.withoutHeaders))
  );
}

export function coversCaller(
  wide: CallerMatch,
  narrow: CallerMatch,
  gateways: readonly string[],
): boolean {
  const allowed = wide.gateways ?? gateways;
  return (
    (wide.port === undefined || wide.port === narrow.port) &&
    (wide.sourceNamespace === undefined || wide.sourceNamespace === narrow.sourceNamespace) &&
    Object.entries(wide.sourceLabels ?? {}).every(
      ([name, value]) => narrow.sourceLabels?.[name] === value,
    ) &&
    (narrow.gateways ?? gateways).every((gateway) => allowed.includes(gateway))
  );
}

/** Whether each of the narrow list is in the wide one; without a wide list everything is. */
export function coversList(
  wide: readonly string[] | undefined,
  narrow: readonly string[] | undefined,
  covers: (one: string, other: string) => boolean = (one, other) => one === other,
): boolean {
  if (wide === undefined || wide.length === 0) return true;
  if (narrow === undefined || narrow.length === 0) return false;
  return narrow.every((other) => wide.some((one) => covers(one, other)));
}

/** What a text match asks for (see pilot/translate/route-match.ts: empty ones and the expression * ask for presence). */
type Asked =
  | { readonly kind: 'present' }
  | { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string };

function askedBy({ exact, prefix, regex }: StringMatch): Asked {
  if (exact !== undefined) return { kind: 'exact', value: exact };
  if (prefix !== undefined && prefix !== '') return { kind: 'prefix', value: prefix };
  if (regex !== undefined && regex !== '*') return { kind: 'regex', value: regex };
  return { kind: 'present' };
}

function coversText(wide: Asked, narrow: Asked): boolean {
  if (wide.kind === 'present') return true;
  if (narrow.kind === 'present') return false;
  if (wide.kind === 'prefix') {
    return narrow.kind !== 'regex' && narrow.value.startsWith(wide.value);
  }
  return wide.kind === narrow.kind && wide.value === narrow.value;
}

/** Every path begins with /, so that prefix matches all of them. */
function coversUri(wide: HttpMatchRequest, narrow: HttpMatchRequest): boolean {
  const asked = askedBy(wide.uri ?? {});
  if (asked.kind === 'present' || (asked.kind === 'prefix' && asked.value === '/')) return true;
  const other = askedBy(narrow.uri ?? {});
  if (wide.ignoreUriCase !== true) return narrow.ignoreUriCase !== true && coversText(asked, other);
  // Regular expressions keep their case.
  if (asked.kind === 'regex' || other.kind === 'regex') {
    return wide.ignoreUriCase === narrow.ignoreUriCase && coversText(asked, other);
  }
  return coversText(lower(asked), lower(other));
}

function lower(asked: Asked): Asked {
  return asked.kind === 'present' ? asked : { ...asked, value: asked.value.toLowerCase() };
}

/** For what every request has: method, scheme and authority. */
function coversAlways(wide: StringMatch | undefined, narrow: StringMatch | undefined): boolean {
  return coversText(askedBy(wide ?? {}), askedBy(narrow ?? {}));
}

/** A condition on one of many. */
type Named = readonly [name: string, asked: Asked];

/** For what a request may lack: the narrow match has to ask for it too. */
function coversAll(wide: readonly Named[], narrow: readonly Named[]): boolean {
  return wide.every(([name, asked]) =>
    narrow.some(([other, narrower]) => other === name && coversText(asked, narrower)),
  );
}

/** What the wide match excludes, the narrow one has to exclude in the same words. */
function excludesNoMore(wide: readonly Named[], narrow: readonly Named[]): boolean {
  const excluded = new Set(narrow.map((named) => JSON.stringify(named)));
  return wide.every((named) => excluded.has(JSON.stringify(named)));
}

/** Names that differ by case only are one header, of which both are asked. */
function headersOf(matches: Matches = {}): readonly Named[] {
  return Object.entries(matches).map(([name, match]) => [name.toLowerCase(), askedBy(match)]);
}

function parametersOf(matches: Matches = {}): readonly Named[] {
  return Object.entries(matches).map(([name, match]) => [name, askedBy(match)]);
}
