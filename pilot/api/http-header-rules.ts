import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required } from './field-error.ts';
import { isHeaderToken } from './field-rules.ts';
import { findCommandFault } from './header-commands.ts';
import type { HeaderOperations, Headers } from './virtual-service-schema.ts';

/** A header value: visible characters, spaces and tabs (as in Envoy's own validation). */
// eslint-disable-next-line no-control-regex -- control characters are what the rule is about
const headerValue = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

/** Envoy's limit for the names and the values of headers that it sets (HeaderValue). */
const maxBytes = 16_384;

export function isAuthorityHeader(name: string): boolean {
  return [':authority', 'host'].includes(name.toLowerCase());
}

export function* checkHeaders(path: string, headers: Headers | undefined): Iterable<FieldError> {
  if (headers?.request !== undefined) {
    yield* checkOperations(`${path}.request`, headers.request, true);
  }
  if (headers?.response !== undefined) {
    yield* checkOperations(`${path}.response`, headers.response, false);
  }
}

function* checkOperations(
  path: string,
  operations: HeaderOperations,
  hostAllowed: boolean,
): Iterable<FieldError> {
  for (const operation of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations[operation] ?? {})) {
      const place = `${path}.${operation}[${name}]`;
      yield* checkName(place, name, hostAllowed);
      yield* checkValue(place, value);
    }
  }
  for (const [index, name] of (operations.remove ?? []).entries()) {
    yield* checkName(`${path}.remove[${index}]`, name, false);
  }
}

function* checkName(path: string, name: string, hostAllowed: boolean): Iterable<FieldError> {
  if (name === '') yield required(path, 'write the name of a header');
  else if (isAuthorityHeader(name) && hostAllowed) return;
  else if (name.startsWith(':') || name.toLowerCase() === 'host') {
    yield forbidden(path, `the header ${name} cannot be changed here`);
  } else if (!isHeaderToken(name)) {
    yield invalid(path, name, 'must be a header name (RFC 9110 token)');
  } else if (name.length > maxBytes) {
    yield invalid(path, name, `must not be longer than ${maxBytes} bytes`);
  }
}

function* checkValue(path: string, value: string): Iterable<FieldError> {
  if (!headerValue.test(value)) yield invalid(path, value, 'must not hold control characters');
  if (Buffer.byteLength(value) > maxBytes) {
    yield invalid(path, value, `must not be longer than ${maxBytes} bytes`);
  }
  const fault = findCommandFault(value);
  if (fault !== undefined) yield invalid(path, value, fault);
}
