import type {
  HttpMatchRequest,
  VirtualServiceSpec,
} from '../../pilot/api/virtual-service-schema.ts';
import type { StringMatch } from '../../pilot/api/virtual-service-schema.ts';
import { sortedEntries, translateValue } from '../../pilot/translate/route-match.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import type { TestRequest } from '../mesh/observation.ts';
import { meshNamespace } from '../mesh/service.ts';

/** A request as the conditions of rules see it. */
export interface JudgedCall {
  readonly request: Pick<TestRequest, 'method' | 'url' | 'headers'>;
  readonly caller: Caller;
}

/** The conditions of a match in words: those that the request meets, and those that it does not. */
export interface Judgement {
  readonly met: readonly string[];
  /** Empty: the match takes the request. */
  readonly unmet: readonly string[];
}

export interface RouteJudgement extends Judgement {
  /** Such as `spec.http[0].match[1]`, or `spec.http[2]` of a route without matches. */
  readonly path: string;
  readonly name?: string;
}

/**
 * Says of the http routes of a VirtualService, in their order, which conditions a request meets. For people only: who
 * decides is Envoy, and what it decided stands in its access log.
 */
export function judgeRoutes(
  { http = [] }: VirtualServiceSpec,
  call: JudgedCall,
): readonly RouteJudgement[] {
  return http.flatMap(({ match = [], name }, index) => {
    const path = `spec.http[${index}]`;
    const named = name === undefined ? {} : { name };
    if (match.length === 0) return [{ path, ...named, met: [], unmet: [] }];
    return match.map((conditions, alternative) => ({
      path: `${path}.match[${alternative}]`,
      ...named,
      ...judgeMatch(conditions, call),
    }));
  });
}

/** The conditions of one match. */
export function judgeMatch(match: HttpMatchRequest, call: JudgedCall): Judgement {
  const conditions = [...requestConditions(match, call), ...callerConditions(match, call)];
  return {
    met: conditions.flatMap(({ holds, fact }) => (holds ? [fact] : [])),
    unmet: conditions.flatMap(({ holds, fact, wanted }) =>
      holds ? [] : [wanted === undefined ? fact : `${fact}, not ${wanted}`],
    ),
  };
}

interface Condition {
  readonly holds: boolean;
  /** How it is. */
  readonly fact: string;
  /** How it should be, where the fact does not say so. */
  readonly wanted?: string;
}

function requestConditions(match: HttpMatchRequest, { request }: JudgedCall): readonly Condition[] {
  const url = new URL(request.url);
  const headers = new Map(
    Object.entries({ host: url.host, ...request.headers }).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  );
  const ignoreCase = match.ignoreUriCase === true;
  const header = (name: string): string | undefined => headers.get(name.toLowerCase());
  const whole = (
    what: string,
    value: string,
    wanted: StringMatch | undefined,
  ): readonly Condition[] =>
    wanted === undefined ? [] : [compare(what, value, wanted, what === 'path' && ignoreCase)];
  return [
    ...whole('path', url.pathname, match.uri),
    ...whole('method', request.method, match.method),
    ...whole('scheme', url.protocol.slice(0, -1), match.scheme),
    ...whole('authority', header('host') ?? url.host, match.authority),
    ...sortedEntries(match.headers ?? {}).map(([name, wanted]) =>
      compare(`header ${name}`, header(name), wanted),
    ),
    ...sortedEntries(match.withoutHeaders ?? {}).map(([name, unwanted]) =>
      negate(compare(`header ${name}`, header(name), unwanted), unwanted),
    ),
    ...sortedEntries(match.queryParams ?? {}).map(([name, wanted]) =>
      compare(`query parameter ${name}`, url.searchParams.get(name) ?? undefined, wanted),
    ),
  ];
}

function callerConditions(
  { port, sourceLabels, sourceNamespace, gateways }: HttpMatchRequest,
  { request, caller }: JudgedCall,
): readonly Condition[] {
  const called = new URL(request.url).port || '80';
  const equal = (what: string, value: string | undefined, wanted: string): Condition =>
    compare(what, value, { exact: wanted });
  return [
    ...(port === undefined ? [] : [equal('port', called, String(port))]),
    ...sortedEntries(sourceLabels ?? {}).map(([name, wanted]) =>
      equal(`the caller's label ${name}`, caller.labels[name], wanted),
    ),
    ...(sourceNamespace === undefined
      ? []
      : [equal("the caller's namespace", meshNamespace, sourceNamespace)]),
    ...(gateways === undefined || gateways.includes('mesh')
      ? []
      : [{ holds: false, fact: `it holds at ${gateways.join(', ')} only` }]),
  ];
}

function compare(
  what: string,
  value: string | undefined,
  match: StringMatch,
  ignoreCase = false,
): Condition {
  const wanted = translateValue(match);
  const seen = value === undefined ? `${what} is absent` : `${what} is ${JSON.stringify(value)}`;
  if (wanted.kind === 'present') {
    return { holds: value !== undefined, fact: seen, wanted: 'present' };
  }
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const holds = {
    exact: (text: string): boolean => fold(text) === fold(wanted.value),
    prefix: (text: string): boolean => fold(text).startsWith(fold(wanted.value)),
    regex: (text: string): boolean => toExpression(wanted.value)?.test(text) === true,
  }[wanted.kind];
  const words = { exact: '', prefix: 'with prefix ', regex: 'matching ' }[wanted.kind];
  return {
    holds: value !== undefined && holds(value),
    fact: seen,
    wanted: `${words}${JSON.stringify(wanted.value)}`,
  };
}

function negate({ holds, fact }: Condition, unwanted: StringMatch): Condition {
  const value = translateValue(unwanted);
  const rule =
    value.kind === 'present' ? 'must be absent' : `must not be ${JSON.stringify(value.value)}`;
  return holds ? { holds: false, fact: `${fact} and ${rule}` } : { holds: true, fact };
}

/** Envoy's expressions are RE2's; those that JavaScript does not know count as not matching. */
function toExpression(text: string): RegExp | undefined {
  const [, flags = '', rest = text] = /^\(\?([imsU]+)\)(.*)$/s.exec(text) ?? [];
  try {
    return new RegExp(`^(?:${rest})$`, flags.replace('U', ''));
  } catch {
    return undefined;
  }
}
