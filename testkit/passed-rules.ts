import type { AccessLogEntry } from '../sidecar/contract/access-log.ts';
import type { ConfigResource } from '../pilot/api/resource.ts';
import type { HttpMatchRequest, StringMatch } from '../pilot/api/virtual-service-schema.ts';
import { coversHostname, resolveHostname } from '../pilot/model/hostname.ts';
import { translateValue } from '../pilot/translate/route-match.ts';
import type { ValueMatch } from '../pilot/ir/route.ts';
import type { Caller } from './mesh-under-test.ts';
import type { TestRequest } from './observation.ts';
import { type FilePlace, type RuleFiles, nameOf, placeOfRule } from './rule-files.ts';
import { describeTextMatch, isRegex, matchesText } from './text-match.ts';
import { hostnameOf, meshDomain, meshNamespace } from './service.ts';

/** A rule that stood before the one that decided, and what of the request it does not hold for. */
export interface Passed {
  readonly path: string;
  readonly place?: FilePlace;
  /** One for each condition that the request does not meet; none when it seems to meet all. */
  readonly reasons: readonly string[];
}

interface Attempt {
  readonly request: TestRequest;
  readonly caller: Caller;
}

type VirtualService = Extract<ConfigResource, { readonly kind: 'VirtualService' }>;

/**
 * The matches that a request went past before a rule decided, in their order. It only explains: what decided is
 * what the proxy wrote in its log.
 */
export function findPassed(
  rules: RuleFiles,
  attempt: Attempt,
  log: AccessLogEntry | undefined,
): readonly Passed[] {
  const rule = findRule(rules, attempt.request, log);
  if (rule === undefined) return [];
  const passed: Passed[] = [];
  for (const [index, { match = [] }] of (rule.spec.http ?? []).entries()) {
    for (const [number, conditions] of match.entries()) {
      const path = `spec.http[${index}].match[${number}]`;
      if (path === log?.rulePath) return passed;
      const place = placeOfRule(rules, nameOf(rule), path);
      const reasons = explainMismatch(conditions, attempt);
      passed.push({ path, ...(place === undefined ? {} : { place }), reasons });
    }
    if (log?.rulePath?.startsWith(`spec.http[${index}]`) === true) return passed;
  }
  return passed;
}

function findRule(
  { resources }: RuleFiles,
  { url }: TestRequest,
  log: AccessLogEntry | undefined,
): VirtualService | undefined {
  const virtualServices = resources.filter((rule) => rule.kind === 'VirtualService');
  if (log?.rule !== undefined) return virtualServices.find((rule) => nameOf(rule) === log.rule);
  const hostname = hostnameOf({ name: new URL(url).hostname });
  return virtualServices.find(({ spec: { hosts = [] } }) =>
    hosts.some((host) =>
      coversHostname(
        resolveHostname(host, meshDomain, (name) => name === hostname),
        hostname,
      ),
    ),
  );
}

/** The conditions that a request does not meet, in words. */
export function explainMismatch(
  match: HttpMatchRequest,
  { request, caller }: Attempt,
): readonly string[] {
  const url = new URL(request.url);
  const { port, sourceNamespace, sourceLabels = {} } = match;
  const asked = Number(url.port === '' ? 80 : url.port);
  return [
    ...explainUri(match, url.pathname),
    ...explain('method', match.method, request.method),
    ...explain('authority', match.authority, url.host),
    ...explain('scheme', match.scheme, 'http'),
    ...Object.entries(match.headers ?? {}).flatMap(([name, value]) =>
      explain(`header ${name}`, value, request.headers[name.toLowerCase()]),
    ),
    ...Object.entries(match.withoutHeaders ?? {}).flatMap(([name, value]) =>
      holds(translateValue(value), request.headers[name.toLowerCase()])
        ? [`header ${name} must not be ${describeTextMatch(translateValue(value))}`]
        : [],
    ),
    ...Object.entries(match.queryParams ?? {}).flatMap(([name, value]) =>
      explain(`query parameter ${name}`, value, url.searchParams.get(name) ?? undefined),
    ),
    ...(port === undefined || port === asked ? [] : [`port is ${asked}, not ${port}`]),
    ...(sourceNamespace === undefined || sourceNamespace === meshNamespace
      ? []
      : [`the caller's namespace is ${meshNamespace}, not ${sourceNamespace}`]),
    ...Object.entries(sourceLabels).flatMap(([name, value]) =>
      explain(`the caller's label ${name}`, { exact: value }, caller.labels[name]),
    ),
  ];
}

function explainUri({ uri, ignoreUriCase }: HttpMatchRequest, path: string): readonly string[] {
  if (uri === undefined) return [];
  const fold = (text: string): string => (ignoreUriCase === true ? text.toLowerCase() : text);
  const value = translateValue(uri);
  const wanted =
    'value' in value && value.kind !== 'regex' ? { ...value, value: fold(value.value) } : value;
  return holds(wanted, fold(path))
    ? []
    : [`path is ${JSON.stringify(path)}, not ${describeTextMatch(value)}`];
}

function explain(
  what: string,
  match: StringMatch | undefined,
  text: string | undefined,
): readonly string[] {
  if (match === undefined) return [];
  const value = translateValue(match);
  if (holds(value, text)) return [];
  if (text === undefined) return [`${what} is missing, must be ${describeTextMatch(value)}`];
  return [`${what} is ${JSON.stringify(text)}, not ${describeTextMatch(value)}`];
}

/** An expression that only RE2 understands is left open. */
function holds(match: ValueMatch, text: string | undefined): boolean {
  if (match.kind === 'regex' && text !== undefined && !isRegex(match.value)) return true;
  return matchesText(match, text);
}
