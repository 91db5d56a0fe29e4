import type { FieldError } from './field-error.ts';
import { asWarning, invalid, required } from './field-error.ts';
import { checkDuration, checkOneOf } from './field-rules.ts';
import { ageColumn, defineKind, istioSecurity } from './kind.ts';
import { checkPolicyTarget } from './policy-target-rules.ts';
import type { JwtRule, RequestAuthenticationSpec } from './request-authentication-schema.ts';
import { requestAuthenticationSchema } from './request-authentication-schema.ts';

export const requestAuthentication = defineKind({
  ...istioSecurity,
  kind: 'RequestAuthentication',
  plural: 'requestauthentications',
  singular: 'requestauthentication',
  shortNames: ['ra'],
  description: 'Which tokens requests may carry.',
  columns: [ageColumn],
  schema: requestAuthenticationSchema,
  validate: checkRequestAuthentication,
});

function* checkRequestAuthentication(spec: RequestAuthenticationSpec): Iterable<FieldError> {
  yield* checkPolicyTarget('spec', spec);
  for (const [index, rule] of (spec.jwtRules ?? []).entries()) {
    yield* checkJwtRule(`spec.jwtRules[${index}]`, rule);
  }
}

function* checkJwtRule(path: string, rule: JwtRule): Iterable<FieldError> {
  yield* checkOneOf(path, rule, ['jwks', 'jwksUri', 'jwks_uri']);
  if ([rule.issuer, rule.jwksUri, rule.jwks_uri].every((value) => value === undefined)) {
    yield required(`${path}.issuer`, 'write it, or jwksUri');
  }
  yield* checkKeysUrl(`${path}.jwksUri`, rule.jwksUri);
  yield* checkKeysUrl(`${path}.jwks_uri`, rule.jwks_uri);
  if ((rule.jwks ?? '') !== '') yield* checkKeys(`${path}.jwks`, rule.jwks ?? '');
  yield* checkDuration(`${path}.timeout`, rule.timeout);
}

function* checkKeysUrl(path: string, text: string | undefined): Iterable<FieldError> {
  if (text === undefined) return;
  if (!/^https?:\/\/[^/\\]/.test(text) || !URL.canParse(text)) {
    yield invalid(path, text, 'must be a URL that begins with http:// or https://');
  }
}

/** Fields that only private and symmetric keys have (RFC 7518 §6). */
const secretFields = ['d', 'k'];

/** The keys themselves stay out of the messages: they may be secret by mistake. */
function* checkKeys(path: string, text: string): Iterable<FieldError> {
  const keys = parseKeys(text);
  if (keys === undefined) {
    yield invalid(path, '(not shown)', 'must be a JSON web key set: {"keys": [{"kty": ...}]}');
    return;
  }
  for (const [index, key] of keys.entries()) {
    if (typeof key !== 'object' || key === null || !('kty' in key)) {
      yield invalid(`${path}.keys[${index}]`, '(not shown)', 'must be a key with a field kty');
    } else if (secretFields.some((name) => Object.hasOwn(key, name))) {
      const detail = 'holds a private key; only its public part is needed';
      yield asWarning(invalid(`${path}.keys[${index}]`, '(not shown)', detail));
    }
  }
}

/** A set, or a single key, as Istio reads it. */
function parseKeys(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    if ('keys' in value) return Array.isArray(value.keys) ? (value.keys as unknown[]) : undefined;
    return 'kty' in value ? [value] : undefined;
  } catch {
    return undefined;
  }
}
