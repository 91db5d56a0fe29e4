import { checkDestination, checkWeights } from './destination-rules.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, deprecated, forbidden, required } from './field-error.ts';
import { checkDuration, checkPercent } from './field-rules.ts';
import { checkDirectResponse, checkRedirect, checkRewrite } from './http-answer-rules.ts';
import { checkHeaders, isAuthorityHeader } from './http-header-rules.ts';
import { checkHttpMatch } from './http-match-rules.ts';
import { checkCorsPolicy, checkFault, checkRetries } from './http-policy-rules.ts';
import type { HttpRoute } from './virtual-service-schema.ts';

/** What of the VirtualService decides about the rules of its routes. */
export interface RouteOwner {
  /** Without hosts: it lends its routes to others. */
  readonly isDelegate: boolean;
  readonly isForGateways: boolean;
}

/** The rules of one entry of spec.http. A delegate's routes may not delegate again. */
export function* checkHttpRoute(
  path: string,
  route: HttpRoute,
  { isDelegate, isForGateways }: RouteOwner,
): Iterable<FieldError> {
  yield* checkActions(path, route, isDelegate);
  for (const [index, match] of (route.match ?? []).entries()) {
    yield* checkHttpMatch(`${path}.match[${index}]`, match, isForGateways);
  }
  yield* checkRouteDestinations(`${path}.route`, route.route ?? []);
  yield* checkRedirect(`${path}.redirect`, route.redirect, route.match);
  yield* checkDirectResponse(`${path}.directResponse`, route.directResponse);
  yield* checkRewrite(`${path}.rewrite`, route.rewrite);
  yield* checkDuration(`${path}.timeout`, route.timeout, 0);
  yield* checkRetries(`${path}.retries`, route.retries);
  yield* checkFault(`${path}.fault`, route.fault);
  yield* checkCorsPolicy(`${path}.corsPolicy`, route.corsPolicy);
  yield* checkHeaders(`${path}.headers`, route.headers);
  yield* checkAuthority(path, route);
  yield* checkMirrors(path, route);
  yield* checkIdle(path, route);
}

/** What a route does: exactly one of route, redirect, directResponse and delegate. */
function* checkActions(path: string, route: HttpRoute, isDelegate: boolean): Iterable<FieldError> {
  const actions = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter((name) => {
    const action = route[name];
    return Array.isArray(action) ? action.length > 0 : action !== undefined;
  });
  if (actions.length === 0) {
    yield required(path, 'write one of route, redirect, directResponse or delegate');
  }
  if (actions.length > 1) {
    yield forbidden(path, `only one of ${actions.join(' and ')} may be set; remove the others`);
  }
  if (isDelegate && route.delegate !== undefined) {
    yield forbidden(`${path}.delegate`, 'a delegate (without hosts) cannot delegate again');
  }
  yield* checkConflicts(path, route);
}

function* checkConflicts(path: string, route: HttpRoute): Iterable<FieldError> {
  if (route.redirect !== undefined && route.rewrite !== undefined) {
    yield forbidden(`${path}.rewrite`, 'has no effect together with redirect; remove one of them');
  }
  if (route.redirect !== undefined && route.fault !== undefined) {
    yield forbidden(`${path}.fault`, 'cannot be used together with redirect; remove one of them');
  }
  if (route.directResponse !== undefined && route.fault !== undefined) {
    yield forbidden(`${path}.fault`, 'cannot be used together with directResponse; remove one');
  }
  if (route.directResponse !== undefined && route.rewrite !== undefined) {
    yield forbidden(`${path}.rewrite`, 'has no effect together with directResponse; remove it');
  }
}

/** What Istio takes and makes nothing of, without a word: it is for calls to a service only. */
function* checkIdle(path: string, route: HttpRoute): Iterable<FieldError> {
  const answer = (['redirect', 'directResponse'] as const).find(
    (name) => route[name] !== undefined,
  );
  if (answer !== undefined) {
    const { timeout, retries, mirror, mirrors, headers } = route;
    const calls = { timeout, retries, mirror, mirrors, 'headers.request': headers?.request };
    for (const [name] of Object.entries(calls).filter(([, value]) => value !== undefined)) {
      yield idle(`${path}.${name}`, `together with ${answer}, which calls no service; remove it`);
    }
  }
  if (route.mirrorPercentage !== undefined && route.mirror === undefined) {
    yield idle(`${path}.mirrorPercentage`, 'without mirror; in mirrors, each has its percentage');
  }
}

function idle(path: string, why: string): FieldError {
  return asWarning(forbidden(path, `has no effect ${why}`));
}

function* checkRouteDestinations(
  path: string,
  destinations: NonNullable<HttpRoute['route']>,
): Iterable<FieldError> {
  yield* checkWeights(path, destinations);
  for (const [index, { destination, headers }] of destinations.entries()) {
    yield* checkDestination(`${path}[${index}].destination`, destination);
    yield* checkHeaders(`${path}[${index}].headers`, headers);
  }
}

/** The Host header can be replaced in one place only. */
function* checkAuthority(path: string, route: HttpRoute): Iterable<FieldError> {
  const { set = {}, add = {} } = route.headers?.request ?? {};
  const places = [
    ...(route.rewrite?.authority === undefined ? [] : [`${path}.rewrite.authority`]),
    ...Object.keys(set)
      .filter(isAuthorityHeader)
      .map((name) => `${path}.headers.request.set[${name}]`),
    ...Object.keys(add)
      .filter(isAuthorityHeader)
      .map((name) => `${path}.headers.request.add[${name}]`),
  ];
  for (const place of places.slice(1)) {
    yield forbidden(place, `the host is already set by ${places[0] ?? ''}; set it once`);
  }
}

function* checkMirrors(path: string, route: HttpRoute): Iterable<FieldError> {
  if (route.mirror !== undefined) {
    yield* checkDestination(`${path}.mirror`, route.mirror);
    if ((route.mirrors ?? []).length > 0) {
      yield forbidden(`${path}.mirror`, 'cannot be used together with mirrors; use mirrors alone');
    }
  }
  for (const [index, mirror] of (route.mirrors ?? []).entries()) {
    yield* checkDestination(`${path}.mirrors[${index}].destination`, mirror.destination);
    yield* checkPercent(`${path}.mirrors[${index}].percentage.value`, mirror.percentage?.value);
  }
  yield* checkPercent(`${path}.mirrorPercentage.value`, route.mirrorPercentage?.value);
  for (const name of ['mirrorPercent', 'mirror_percent'] as const) {
    if (route[name] === undefined) continue;
    yield* checkPercent(`${path}.${name}`, route[name]);
    yield deprecated(`${path}.${name}`, route[name], 'use mirrorPercentage');
  }
}
