import type { FieldError } from './field-error.ts';
import { forbidden, invalid, required, unsupported } from './field-error.ts';
import { checkOneOf, checkPort, checkRegex } from './field-rules.ts';
import type {
  HttpDirectResponse,
  HttpRedirect,
  HttpRewrite,
  HttpRoute,
} from './virtual-service-schema.ts';

/** Rules for what a route answers itself, and for how it rewrites requests. */

/** Envoy's RedirectResponseCode knows these. */
const redirectCodes = [301, 302, 303, 307, 308];

/** Istio refuses larger bodies: they are part of every route configuration. */
const maxBody = 1024 * 1024;

export function* checkRedirect(
  path: string,
  redirect: HttpRedirect | undefined,
  matches: HttpRoute['match'] = [],
): Iterable<FieldError> {
  if (redirect === undefined) return;
  const changes = ['uri', 'prefixRewrite', 'authority', 'port', 'derivePort', 'scheme'] as const;
  if (changes.every((name) => redirect[name] === undefined || redirect[name] === '')) {
    yield required(path, `write at least one of ${changes.join(', ')}`);
  }
  yield* checkOneOf(path, redirect, ['port', 'derivePort']);
  yield* checkOneOf(path, redirect, ['uri', 'prefixRewrite']);
  const prefixed = matches.every(({ uri }) => uri === undefined || uri.prefix !== undefined);
  if ((redirect.prefixRewrite ?? '') !== '' && !prefixed) {
    yield forbidden(
      `${path}.prefixRewrite`,
      'replaces a prefix, so match paths by uri.prefix only',
    );
  }
  yield* checkPort(`${path}.port`, redirect.port);
  yield* checkLines(path, redirect, ['uri', 'prefixRewrite', 'authority']);
  const { redirectCode: code, scheme } = redirect;
  if (code !== undefined && code !== 0 && !redirectCodes.includes(code)) {
    yield unsupported(`${path}.redirectCode`, code, redirectCodes.map(String));
  }
  if (scheme !== undefined && !['', 'http', 'https'].includes(scheme)) {
    yield unsupported(`${path}.scheme`, scheme, ['http', 'https']);
  }
}

export function* checkDirectResponse(
  path: string,
  response: HttpDirectResponse | undefined,
): Iterable<FieldError> {
  if (response === undefined) return;
  if (response.status < 200 || response.status > 599) {
    yield invalid(`${path}.status`, response.status, 'must be an HTTP status from 200 to 599');
  }
  yield* checkOneOf(`${path}.body`, response.body, ['string', 'bytes']);
  const { string: text = '', bytes = '' } = response.body ?? {};
  if (!isBase64(bytes)) yield invalid(`${path}.body.bytes`, bytes, 'must be base64');
  if (Math.max(Buffer.byteLength(text), Buffer.byteLength(bytes, 'base64')) > maxBody) {
    yield forbidden(`${path}.body`, 'must be less than 1 MiB; serve it from a service');
  }
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

export function* checkRewrite(
  path: string,
  rewrite: HttpRewrite | undefined,
): Iterable<FieldError> {
  if (rewrite === undefined) return;
  const { uri = '', authority = '', uriRegexRewrite } = rewrite;
  if (uri === '' && authority === '' && uriRegexRewrite === undefined) {
    yield required(path, 'write at least one of uri, uriRegexRewrite and authority');
  }
  yield* checkOneOf(path, rewrite, ['uri', 'uriRegexRewrite']);
  yield* checkLines(path, rewrite, ['uri', 'authority']);
  if (uriRegexRewrite === undefined) return;
  yield* checkLines(`${path}.uriRegexRewrite`, uriRegexRewrite, ['rewrite']);
  for (const name of ['match', 'rewrite'] as const) {
    if ((uriRegexRewrite[name] ?? '') === '') {
      yield required(`${path}.uriRegexRewrite.${name}`, 'write both match and rewrite');
    }
  }
  if (uriRegexRewrite.match !== '') {
    yield* checkRegex(`${path}.uriRegexRewrite.match`, uriRegexRewrite.match);
  }
}

/** What becomes a part of a header must not end it. */
function* checkLines(
  path: string,
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Iterable<FieldError> {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'string' && /[\r\n\0]/.test(value)) {
      yield invalid(`${path}.${name}`, value, 'must not hold line breaks; remove them');
    }
  }
}
