/**
 * The session: a cookie with the user's name, as base64url of JSON. It is not signed: the sample takes any
 * name with any password, so there is nothing to protect. A cookie of Istio's sample, whose first part is
 * the same, is understood too.
 */
const cookie = 'session';

/** Longer names are cut (characters): the name travels in a cookie and in a header. */
const maxName = 64;

/** A user's name as the sample keeps it: without control characters and outer spaces, or undefined. */
export function parseUser(text: string): string | undefined {
  const name = text.replace(/\p{Cc}/gu, '').trim();
  return name === '' ? undefined : Array.from(name).slice(0, maxName).join('');
}

/** The user of a request's Cookie header; undefined when nobody is logged in or the cookie is not ours. */
export function readUser(header: string | undefined): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  const value = pairs.find((pair) => pair.startsWith(`${cookie}=`))?.slice(cookie.length + 1);
  const [payload = ''] = (value ?? '').split('.');
  try {
    const session: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof session !== 'object' || session === null || !('user' in session)) return undefined;
    return typeof session.user === 'string' ? parseUser(session.user) : undefined;
  } catch {
    return undefined;
  }
}

const attributes = 'Path=/; HttpOnly; SameSite=Lax';

/** The Set-Cookie header that logs `user` in. */
export function openSession(user: string): string {
  const payload = Buffer.from(JSON.stringify({ user }), 'utf8').toString('base64url');
  return `${cookie}=${payload}; ${attributes}`;
}

/** The Set-Cookie header that logs out. */
export const closedSession = `${cookie}=; Max-Age=0; ${attributes}`;

/** A name as a header value: the bytes of its UTF-8, since a header has no other way to carry them. */
export function headerValue(user: string): string {
  return Buffer.from(user, 'utf8').toString('latin1');
}
