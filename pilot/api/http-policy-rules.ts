import { grpcStatusNames } from './grpc-status.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, deprecated, forbidden, invalid, required, unsupported } from './field-error.ts';
import {
  checkDuration,
  checkHeaderToken,
  checkOneOf,
  checkPercent,
  checkWholeSeconds,
} from './field-rules.ts';
import { checkStringMatch } from './http-match-rules.ts';
import type { CorsPolicy, HttpFault, HttpRetry, StringMatch } from './virtual-service-schema.ts';

/** Rules for retries, faults and cross-origin policies of HTTP routes. */

/** Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on conditions. */
export const retryConditions = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

const httpMethods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
];

export function* checkRetries(path: string, retries: HttpRetry | undefined): Iterable<FieldError> {
  if (retries === undefined) return;
  const { attempts = 0, retryOn = '' } = retries;
  if (attempts < 0) yield invalid(`${path}.attempts`, attempts, 'must not be negative');
  const { perTryTimeout, retryRemoteLocalities } = retries;
  const hasOthers =
    perTryTimeout !== undefined || retryRemoteLocalities !== undefined || retryOn !== '';
  if (attempts === 0 && hasOthers) {
    yield invalid(
      `${path}.attempts`,
      attempts,
      'turns retries off, but other retry settings are given; set attempts or remove them',
    );
  }
  yield* checkDuration(`${path}.perTryTimeout`, perTryTimeout);
  yield* checkDuration(`${path}.backoff`, retries.backoff);
  yield* checkRetryOn(`${path}.retryOn`, retryOn);
}

function* checkRetryOn(path: string, retryOn: string): Iterable<FieldError> {
  for (const condition of retryOn === '' ? [] : retryOn.split(',')) {
    if (!retryConditions.includes(condition) && !/^[1-5]\d\d$/.test(condition)) {
      yield unsupported(path, condition, [...retryConditions, 'an HTTP status']);
    }
  }
}

export function* checkFault(path: string, fault: HttpFault | undefined): Iterable<FieldError> {
  if (fault === undefined) return;
  if (fault.abort === undefined && fault.delay === undefined) {
    yield required(path, 'write abort, delay or both');
  }
  if (fault.abort !== undefined) yield* checkAbort(`${path}.abort`, fault.abort);
  if (fault.delay !== undefined) yield* checkDelay(`${path}.delay`, fault.delay);
}

function* checkAbort(path: string, abort: NonNullable<HttpFault['abort']>): Iterable<FieldError> {
  const { httpStatus, grpcStatus } = abort;
  yield* checkOneOf(path, abort, ['httpStatus', 'grpcStatus', 'http2Error']);
  yield* checkPercent(`${path}.percentage.value`, abort.percentage?.value);
  if (httpStatus !== undefined && (httpStatus < 200 || httpStatus > 599)) {
    yield invalid(`${path}.httpStatus`, httpStatus, 'must be an HTTP status from 200 to 599');
  }
  if (grpcStatus !== undefined && !grpcStatusNames.includes(grpcStatus)) {
    yield unsupported(`${path}.grpcStatus`, grpcStatus, grpcStatusNames);
  }
  if (abort.http2Error !== undefined) {
    yield forbidden(`${path}.http2Error`, 'is not implemented; use httpStatus or grpcStatus');
  }
  if (httpStatus === undefined && grpcStatus === undefined && abort.http2Error === undefined) {
    yield asWarning(required(path, 'write httpStatus or grpcStatus; without one nothing happens'));
  }
}

function* checkDelay(path: string, delay: NonNullable<HttpFault['delay']>): Iterable<FieldError> {
  yield* checkOneOf(path, delay, ['fixedDelay', 'exponentialDelay']);
  yield* checkPercent(`${path}.percentage.value`, delay.percentage?.value);
  yield* checkPercent(`${path}.percent`, delay.percent);
  yield* checkDuration(`${path}.fixedDelay`, delay.fixedDelay);
  if (delay.percent !== undefined) {
    yield deprecated(`${path}.percent`, delay.percent, 'use percentage');
  }
  if (delay.exponentialDelay !== undefined) {
    yield forbidden(`${path}.exponentialDelay`, 'is not implemented; use fixedDelay');
  }
  if (delay.fixedDelay === undefined && delay.exponentialDelay === undefined) {
    yield asWarning(required(`${path}.fixedDelay`, 'without it nothing is delayed'));
  }
}

export function* checkCorsPolicy(path: string, cors: CorsPolicy | undefined): Iterable<FieldError> {
  if (cors === undefined) return;
  if (cors.allowOrigin !== undefined) {
    yield deprecated(`${path}.allowOrigin`, cors.allowOrigin, 'use allowOrigins');
  }
  for (const [index, origin] of (cors.allowOrigins ?? []).entries()) {
    yield* checkOrigin(`${path}.allowOrigins[${index}]`, origin);
  }
  for (const [index, method] of (cors.allowMethods ?? []).entries()) {
    if (method !== '*' && !httpMethods.includes(method)) {
      yield unsupported(`${path}.allowMethods[${index}]`, method, httpMethods);
    }
  }
  yield* checkCorsHeaders(`${path}.allowHeaders`, cors.allowHeaders);
  yield* checkCorsHeaders(`${path}.exposeHeaders`, cors.exposeHeaders);
  yield* checkDuration(`${path}.maxAge`, cors.maxAge);
  yield* checkWholeSeconds(`${path}.maxAge`, cors.maxAge);
}

function* checkOrigin(path: string, origin: StringMatch): Iterable<FieldError> {
  if ((origin.exact ?? origin.prefix ?? origin.regex ?? '') === '') {
    yield required(path, 'write one of exact, prefix and regex');
  } else {
    yield* checkStringMatch(path, origin);
  }
}

function* checkCorsHeaders(
  path: string,
  headers: readonly string[] | undefined,
): Iterable<FieldError> {
  for (const [index, header] of (headers ?? []).entries()) {
    if (header !== '*') yield* checkHeaderToken(`${path}[${index}]`, header);
  }
}
