import type { Outcome } from '../../kit/http-outcome.ts';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import type { Expectation, Span } from '../case-file/expectation.ts';
import { spanAbout } from '../case-file/expectation.ts';
import { type TextMatch, describeTextMatch, matchesText } from '../case-file/text-match.ts';
import type { MeshUnderTest } from '../mesh/mesh-under-test.ts';
import type { Arrival, Observation } from '../mesh/observation.ts';
import { isRoute } from '../mesh/route-name.ts';
import { hostnameOf } from '../mesh/service.ts';
import { isAt } from '../mesh/targets.ts';

/** What came of one expectation. */
export interface Check {
  /** The key of the expectation, such as `version` or `requestHeaders.x-user`. */
  readonly what: string;
  readonly verdict: Verdict;
  readonly expected: string;
  /** What was seen instead; why it could not be judged. */
  readonly seen: string;
}

/** `unjudged`: what the expectation speaks of cannot be seen in this mesh. */
export type Verdict = 'passed' | 'failed' | 'unjudged';

/** Judges one request by all expectations but those on shares. */
export function judge(
  expect: Expectation,
  seen: Observation,
  backends?: MeshUnderTest['backends'],
): readonly Check[] {
  const backend = answerer(seen);
  return [
    ...judgeBackend(expect, seen, backend),
    ...judgeDestination(expect, seen),
    ...judgeArrived(expect, seen, backend),
    ...judgeOutcome(expect, seen),
    ...judgeTime(expect.took, seen),
    ...judgeAttempts(expect.attempts, seen),
    ...judgeMirror(expect.mirror, seen.arrivals, backends),
    ...judgeReach(expect.unreachable, seen),
    ...judgeRoute(expect.route, seen.log),
  ];
}

/** The backend whose answer the caller got: the last that the request was sent to. */
export function answerer({ arrivals }: Observation): Arrival | undefined {
  return arrivals.findLast(({ mirrored }) => !mirrored);
}

function check(what: string, expected: string, seen: string, holds: boolean): Check {
  return { what, verdict: holds ? 'passed' : 'failed', expected, seen };
}

function unjudged(what: string, expected: string, reason: string): Check {
  return { what, verdict: 'unjudged', expected, seen: reason };
}

const hidden = 'what a backend of this mesh gets cannot be seen';
const noEntry = 'the proxy of the caller wrote no log entry of it';

/** What came of a request that no backend answered. */
export function describeFailure({ outcome, log }: Observation): string {
  if (outcome.kind === 'failure') return `nobody: ${outcome.reason}`;
  const flags = log === undefined || log.flags.length === 0 ? '' : ` ${log.flags.join(',')}`;
  return `nobody: the proxy answered ${outcome.status}${flags}`;
}

function judgeBackend(
  { service, version }: Expectation,
  seen: Observation,
  backend: Arrival | undefined,
): readonly Check[] {
  const nobody = describeFailure(seen);
  const name = backend === undefined ? nobody : backend.service;
  const sameService =
    backend !== undefined &&
    service !== undefined &&
    isAt(service, { ...backend, workload: '', version: '' });
  return [
    ...(service === undefined ? [] : [check('service', service, name, sameService)]),
    ...(version === undefined
      ? []
      : [
          check(
            'version',
            version,
            backend === undefined
              ? nobody
              : (backend.version ?? `${backend.service} without a version`),
            backend?.version === version,
          ),
        ]),
  ];
}

/** A cluster is named `outbound|PORT|SUBSET|HOST` (pilot/ir/names.ts). */
function judgeDestination(
  { subset, host, port }: Expectation,
  { log, outcome }: Observation,
): readonly Check[] {
  const wanted = Object.entries({ subset, host, port }).filter(([, value]) => value !== undefined);
  if (wanted.length === 0) return [];
  const [, number = '', name = '', hostname = ''] = log?.upstreamCluster?.split('|') ?? [];
  const values: Readonly<Record<string, string>> = { subset: name, host: hostname, port: number };
  return wanted.map(([what, value]) => {
    const expected = String(value);
    if (log === undefined && outcome.kind === 'answer') return unjudged(what, expected, noEntry);
    const found = values[what] ?? '';
    const full = what === 'host' ? hostnameOf({ name: expected }) : expected;
    return check(
      what,
      expected,
      found === '' ? 'none' : found,
      found === full || found === expected,
    );
  });
}

function judgeArrived(
  { path, authority, requestHeaders = {} }: Expectation,
  seen: Observation,
  backend: Arrival | undefined,
): readonly Check[] {
  const request = backend?.request;
  const headers = request?.headers;
  const judgeText = (
    what: string,
    match: TextMatch,
    text: string | undefined,
    known: boolean,
  ): Check => {
    if (backend === undefined) {
      return check(what, describeTextMatch(match), describeFailure(seen), false);
    }
    return known ? checkText(what, match, text) : unjudged(what, describeTextMatch(match), hidden);
  };
  const known = request !== undefined;
  return [
    ...(path === undefined ? [] : [judgeText('path', path, request?.path, known)]),
    ...(authority === undefined
      ? []
      : [judgeText('authority', authority, request?.authority, known)]),
    ...Object.entries(requestHeaders).map(([name, match]) =>
      judgeText(`requestHeaders.${name}`, match, headers?.[name], headers !== undefined),
    ),
  ];
}

function checkText(what: string, match: TextMatch, text: string | undefined): Check {
  const seen = text === undefined ? 'none' : JSON.stringify(text);
  return check(what, describeTextMatch(match), seen, matchesText(match, text));
}

function judgeOutcome(expect: Expectation, seen: Observation): readonly Check[] {
  const { status, redirect, body, responseHeaders = {}, directResponse } = expect;
  const { outcome } = seen;
  const texts = [
    ...(body === undefined ? [] : [['body', body, bodyOf(outcome)] as const]),
    ...Object.entries(responseHeaders).map(
      ([name, match]) => [`responseHeaders.${name}`, match, headerOf(outcome, name)] as const,
    ),
  ];
  return [
    ...(status === undefined ? [] : [checkStatus('status', status, outcome)]),
    ...(redirect === undefined ? [] : [judgeRedirect(redirect, outcome)]),
    ...texts.map(([what, match, text]) =>
      outcome.kind === 'failure'
        ? check(what, describeTextMatch(match), `no answer: ${outcome.reason}`, false)
        : checkText(what, match, text),
    ),
    ...(directResponse === undefined ? [] : judgeDirect(directResponse, seen)),
  ];
}

function checkStatus(what: string, status: number, outcome: Outcome): Check {
  const seen = outcome.kind === 'answer' ? String(outcome.status) : `no answer: ${outcome.reason}`;
  return check(what, String(status), seen, outcome.kind === 'answer' && outcome.status === status);
}

function judgeRedirect(match: TextMatch, outcome: Outcome): Check {
  const location = headerOf(outcome, 'location');
  const status = outcome.kind === 'answer' ? outcome.status : 0;
  const isRedirect = status >= 300 && status < 400;
  if (isRedirect) return checkText('redirect', match, location);
  return check('redirect', describeTextMatch(match), `status ${status}`, false);
}

function bodyOf(outcome: Outcome): string | undefined {
  return outcome.kind === 'answer' ? outcome.body : undefined;
}

function headerOf(outcome: Outcome, name: string): string | undefined {
  return outcome.kind === 'answer' ? outcome.headers[name] : undefined;
}

function judgeDirect(
  { status, body }: NonNullable<Expectation['directResponse']>,
  { outcome, log }: Observation,
): readonly Check[] {
  const expected = 'an answer of the proxy itself';
  const own =
    log === undefined
      ? unjudged('directResponse', expected, noEntry)
      : check('directResponse', expected, log.details ?? 'none', log.details === 'direct_response');
  return [
    own,
    ...(status === undefined ? [] : [checkStatus('directResponse.status', status, outcome)]),
    ...(body === undefined ? [] : [checkText('directResponse.body', body, bodyOf(outcome))]),
  ];
}

/** How long it took by the proxy's clock, which does not count what our own program has to do besides. */
export function durationOf({ outcome, log }: Observation): number {
  return log?.duration ?? outcome.took;
}

/**
 * How long it took without the service: a fault delays a request before it is sent. What a service takes for its answer is no
 * matter of the rule; it may be one of ours, in a program that has much to do.
 */
function durationBefore(seen: Observation): number {
  return durationOf(seen) - Number(headerOf(seen.outcome, 'x-envoy-upstream-service-time') ?? 0);
}

function judgeTime(took: Span | undefined, seen: Observation): readonly Check[] {
  if (took === undefined) return [];
  const duration = durationOf(seen);
  return [check('took', describeSpan(took), `${duration} ms`, isWithin(took, duration))];
}

function isWithin({ least = 0, most = Infinity }: Span, duration: number): boolean {
  return duration >= least && duration <= most;
}

function describeSpan({ least, most }: Span): string {
  if (least === undefined) return `at most ${most ?? 0} ms`;
  if (most === undefined) return `at least ${least} ms`;
  return `${Math.round(least)} to ${Math.round(most)} ms`;
}

/** Whether a rule injected this fault into the request. */
export function hasFault(
  { delay, abort }: NonNullable<Expectation['fault']>,
  seen: Observation,
): boolean {
  const { log, outcome } = seen;
  const flags = log?.flags ?? [];
  const delayed =
    delay === undefined ||
    (flags.includes('DI') && isWithin(spanAbout(delay), durationBefore(seen)));
  const aborted =
    abort === undefined ||
    (flags.includes('FI') && outcome.kind === 'answer' && outcome.status === abort);
  return delayed && aborted;
}

function judgeAttempts(
  attempts: number | undefined,
  { log, arrivals }: Observation,
): readonly Check[] {
  if (attempts === undefined) return [];
  const seen = log?.attempts ?? arrivals.filter(({ mirrored }) => !mirrored).length;
  return [check('attempts', String(attempts), String(seen), seen === attempts)];
}

function judgeMirror(
  mirror: readonly string[] | undefined,
  arrivals: readonly Arrival[],
  backends: MeshUnderTest['backends'],
): readonly Check[] {
  if (mirror === undefined) return [];
  const copies = arrivals.filter(({ mirrored }) => mirrored);
  const names = copies.map(({ service, version }) =>
    version === undefined ? service : `${service}/${version}`,
  );
  const expected = mirror.length === 0 ? 'none' : mirror.join(', ');
  if (backends === 'foreign') return [unjudged('mirror', expected, hidden)];
  const seen = names.length === 0 ? 'none' : names.sort().join(', ');
  return [check('mirror', expected, seen, isMirroredTo(mirror, arrivals))];
}

/** Whether each of these, and nobody else, got a copy. */
export function isMirroredTo(mirror: readonly string[], arrivals: readonly Arrival[]): boolean {
  const copies = arrivals.filter(({ mirrored }) => mirrored);
  return (
    mirror.every((target) => copies.some((copy) => isAt(target, copy))) &&
    copies.every((copy) => mirror.some((target) => isAt(target, copy)))
  );
}

function judgeReach(unreachable: true | undefined, seen: Observation): readonly Check[] {
  if (unreachable === undefined) return [];
  const { outcome, log } = seen;
  const backend = answerer(seen);
  const meant = log?.details === 'direct_response' || log?.flags.includes('FI') === true;
  const failed = outcome.kind === 'failure' || outcome.status >= 400;
  const got =
    backend === undefined
      ? describeFailure(seen)
      : `${[backend.service, backend.version].filter(Boolean).join('/')} got it`;
  return [check('unreachable', 'nobody gets it', got, backend === undefined && failed && !meant)];
}

function judgeRoute(route: string | undefined, log: AccessLogEntry | undefined): readonly Check[] {
  if (route === undefined) return [];
  if (log === undefined) return [unjudged('route', route, noEntry)];
  const rule = log.rule === undefined ? 'no rule' : `${log.rule} ${log.rulePath ?? ''}`;
  const name = log.routeName === undefined ? '' : ` (${log.routeName})`;
  return [check('route', route, `${rule}${name}`, isRoute(route, log))];
}
