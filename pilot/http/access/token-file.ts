import { createHash, timingSafeEqual } from 'node:crypto';
import type { Problem } from '../../../kit/problem.ts';
import { parseYamlDocument } from '../../store/yaml-document.ts';
import { type Role, roles } from './role.ts';

/** Somebody who has a token. */
export interface TokenHolder {
  readonly name: string;
  readonly role: Role;
}

/** The tokens that are in force. */
export interface TokenSet {
  /** How many there are. */
  readonly size: number;
  /** Whose token this is. Takes as long for a wrong one as for a right one. */
  readonly find: (token: string) => TokenHolder | undefined;
}

export type ParsedTokens =
  | { readonly ok: true; readonly tokens: TokenSet }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Notes what is wrong. */
type Report = (field: string, message: string) => void;

interface Entry {
  readonly digest: Buffer;
  readonly holder: TokenHolder;
}

/** Shorter ones can be guessed. */
const leastLength = 16;

const fields: readonly string[] = ['name', 'role', 'token', 'sha256'];

/** No tokens at all: everybody is anonymous. */
export const noTokens: TokenSet = tokenSet([]);

/**
 * Reads a token file:
 *
 *     tokens:
 *       - { name: ci, role: write, sha256: 9f86d081… }   # printf %s "$TOKEN" | sha256sum
 *       - { name: alice, role: admin, token: 6b7d… }     # as it is, if the file is safe
 *
 * Problems never quote what may be a token.
 */
export function parseTokenFile(path: string, text: string): ParsedTokens {
  const problems: Problem[] = [];
  const report: Report = (field, message) => {
    const where = field === '' ? {} : { path: field };
    problems.push({ code: 'E_TOKEN_FILE', severity: 'error', resource: path, ...where, message });
  };
  const list = readList(text, report);
  const entries = list.flatMap((item, index) => readEntry(item, `tokens[${index}]`, report) ?? []);
  for (const [index, { digest, holder }] of entries.entries()) {
    const earlier = entries.slice(0, index);
    if (earlier.some((other) => other.digest.equals(digest))) {
      report('', `${holder.name} has the token of another; give each its own`);
    }
    if (earlier.some((other) => other.holder.name === holder.name)) {
      report('', `the name ${holder.name} is there twice; what each did could not be told apart`);
    }
  }
  return problems.length === 0 ? { ok: true, tokens: tokenSet(entries) } : { ok: false, problems };
}

function readList(text: string, report: Report): readonly unknown[] {
  const document = parseYamlDocument({ text, line: 1 });
  if (!document.ok) {
    const { line, column } = document.place;
    // The message of the parser can quote the line.
    report('', `the file is not YAML (${document.code} at line ${line}, column ${column})`);
    return [];
  }
  const value = document.value as { readonly tokens?: unknown } | null | undefined;
  if (Array.isArray(value?.tokens)) return value.tokens;
  report('', 'the file must have a list named tokens; an empty one is []');
  return [];
}

function readEntry(item: unknown, at: string, report: Report): Entry | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    report(at, 'must have name, role, and token or sha256');
    return undefined;
  }
  const given = new Map<string, unknown>(Object.entries(item));
  for (const key of given.keys()) {
    if (!fields.includes(key)) {
      report(`${at}.${key}`, `unknown field; known are ${fields.join(', ')}`);
    }
  }
  const name = given.get('name');
  const role = roles.find((candidate) => candidate === given.get('role'));
  const digest = readDigest(given, at, report);
  if (typeof name !== 'string' || !/^[\w.@-]{1,63}$/.test(name)) {
    report(`${at}.name`, 'must be letters, digits and . _ @ -, at most 63 of them');
    return undefined;
  }
  if (role === undefined) {
    report(`${at}.role`, `must be one of ${roles.join(', ')}`);
    return undefined;
  }
  return digest === undefined ? undefined : { digest, holder: { name, role } };
}

function readDigest(
  given: ReadonlyMap<string, unknown>,
  at: string,
  report: Report,
): Buffer | undefined {
  const token = given.get('token');
  const sha256 = given.get('sha256');
  if ((token === undefined) === (sha256 === undefined)) {
    report(at, 'write either token or sha256');
    return undefined;
  }
  if (sha256 !== undefined) {
    const isHash = typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256);
    if (isHash) return Buffer.from(sha256, 'hex');
    report(`${at}.sha256`, 'must be the 64 hexadecimal digits that sha256sum prints, in quotes');
    return undefined;
  }
  if (typeof token === 'string' && token.length >= leastLength && /^[\x21-\x7e]+$/.test(token)) {
    return digestOf(token);
  }
  report(
    `${at}.token`,
    `must be text of at least ${leastLength} visible ASCII characters; openssl rand -hex 32 makes a good one`,
  );
  return undefined;
}

/** Tokens are random, so a plain hash is as good as a slow one; equal lengths let the comparison be constant. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function tokenSet(entries: readonly Entry[]): TokenSet {
  return {
    size: entries.length,
    find: (token) => {
      const digest = digestOf(token);
      // Every entry is compared: the time says nothing about which one, if any, it was.
      const matching = entries.filter((entry) => timingSafeEqual(entry.digest, digest));
      return matching[0]?.holder;
    },
  };
}
