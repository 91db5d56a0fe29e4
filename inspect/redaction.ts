import { isObject } from './dump-sections.ts';

/** What stands in the place of a secret. */
export const redacted = '[REDACTED]';

/** Names of fields, variables, flags and labels whose values are secret. */
const secretName =
  /pass(?:word|wd|phrase|code)|secret|token|api[-_.]?key|access[-_.]?key|private[-_.]?key|encryption[-_.]?key|signing[-_.]?key|credential|authorization|cookie|jwt|\bdsn\b/i;
/** As variables are called: DB_PASS, TLS_KEY. */
const secretVariable = /(?:^|_)(?:KEY|PASS|PWD|PW|AUTH|SALT|DSN|CERT_KEY)$/i;
/** Fields of Istio, Envoy, Kubernetes and Docker that sound so, and hold names, places or switches. */
const harmless =
  /^(?:credentialNames?|secretName|sds_secret_configs?|.*_sds_secret_configs?|tokenType|token_type|tokenFile|outputPayloadToHeader|forwardOriginalToken|fromCookies|from_cookies|allowCredentials|allow_credentials|exposeSecret|automountServiceAccountToken|httpCookie|http_cookie|cookie_name|jwtRules|jwksUri|jwks_uri|jwks|.*[-_]?(?:token|secret|key|cookie)s?[-_]?(?:name|path|file|type|uri|url|size|ttl|count|length|prefix|version|id))$/i;
/** Headers whose conditions and changes hold secrets in objects, not only in texts. */
const secretHeader =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?api-key|x-[\w-]*(?:token|secret|key|auth)|[\w-]+-(?:token|secret|password))$/i;
/** What an own name for a value is called: Envoy's headers, Kubernetes' variables. */
const nameKeys = ['key', 'name', 'header_name', 'headerName', 'Name', 'Key'];
/** The fields of such a pair: Envoy's HeaderValue and HeaderMatcher, Kubernetes' and Docker's variables. */
const partsOfPair: ReadonlySet<string> = new Set([
  ...nameKeys,
  ...['value', 'Value', 'raw_value', 'exact', 'prefix', 'suffix', 'contains', 'regex'],
  ...['string_match', 'safe_regex_match', 'exact_match', 'prefix_match', 'suffix_match'],
  ...['present_match', 'invert_match', 'treat_missing_header_as_empty'],
]);
/** Private members of a JSON Web Key (RFC 7518 §6). */
const privateKeyMembers: ReadonlySet<string> = new Set([
  'd',
  'p',
  'q',
  'dp',
  'dq',
  'qi',
  'k',
  'oth',
]);

const privateKey =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** Base64 of `-----BEGIN`, on one line. */
const encodedPem = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{8,}={0,2}/g;
const scheme = /\b(Bearer|Basic|Negotiate|Digest)(\s+|%20|\+)[\w.~+/=-]{4,}/gi;
const webToken = /\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g;
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi;
const words =
  'password|passwd|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|cookie';
/** `password=…`, `"token": "…"` and the like in logs. Names are of limited length, so that long lines take no longer. */
const assignment = new RegExp(
  String.raw`(?<![\w.-])([\w.-]{0,64}?(?:${words})[\w.-]{0,64})(\\?["']?\s*(?:[:=]|=>)\s*)(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,;&"'}\])]+)`,
  'gi',
);
/** `--api-key …` */
const flagValue = new RegExp(
  String.raw`(?<!\S)(--?[\w-]{0,64}?(?:${words})[\w-]{0,64})(\s+)([^\s-]\S*)`,
  'gi',
);

/** Shorter ones would be found in too many words. */
const shortestKnown = 6;

/**
 * Takes secrets out of what is to be given to others: by the names of fields, by the forms that secrets have, and, once
 * a secret is known, wherever else it stands. Names stay, so that one sees what was there.
 */
export class Redaction {
  readonly #known = new Set<string>();

  /** A value of JSON without its secrets. Those found are known from then on. */
  json(value: unknown): unknown {
    if (typeof value === 'string') return this.#string(value);
    if (Array.isArray(value)) return this.#list(value);
    if (!isObject(value)) return value;
    const named = nameOf(value);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#field(value, key, item, named)]),
    );
  }

  /** A text, line by line JSON or not, without what looks like a secret. */
  text(text: string): string {
    return this.#patterns(text)
      .split('\n')
      .map((line) => this.#line(line))
      .join('\n');
  }

  /** Puts the mark wherever a known secret stands, plain, in base64 or as in a URL. To be called when all were read. */
  scrub(text: string): string {
    let clean = text;
    for (const secret of this.#forms()) clean = clean.replaceAll(secret, redacted);
    return clean;
  }

  /** Makes a secret known that stands somewhere else. */
  learn(secret: string): void {
    const trimmed = secret.trim();
    if (trimmed.length >= shortestKnown && !trimmed.includes(redacted)) this.#known.add(trimmed);
  }

  #field(owner: object, key: string, item: unknown, named: string | undefined): unknown {
    if (isWholeSecret(owner, key) || secretHeader.test(key)) return this.#hideAll(item);
    const isValue = named !== undefined && !nameKeys.includes(key);
    if (isValue && (isSecretName(named) || secretHeader.test(named))) return this.#hideAll(item);
    const isScalar = typeof item === 'string' || typeof item === 'number';
    if (isScalar && isSecretName(key)) return this.#hide(item);
    if (/^(?:env|environment)$/i.test(key) && isObject(item)) return this.#variables(item);
    return this.json(item);
  }

  #list(items: readonly unknown[]): readonly unknown[] {
    return items.map((item, index) => {
      const before: unknown = items[index - 1];
      const isValue =
        typeof before === 'string' && /^--?[\w-]+$/.test(before) && isSecretName(before);
      if (isValue && typeof item === 'string' && !item.startsWith('-')) return this.#hide(item);
      return typeof item === 'string' ? this.#variable(item) : this.json(item);
    });
  }

  /** `NAME=value` of a container, `--flag=value` of a command. */
  #variable(item: string): string {
    const [, name = '', value = ''] = /^(-{0,2}[\w.-]+)=([\s\S]*)$/.exec(item) ?? [];
    if (value === '' || !(isSecretName(name) || secretVariable.test(name))) {
      return this.#string(item);
    }
    return `${name}=${String(this.#hide(value))}`;
  }

  #variables(variables: object): unknown {
    return Object.fromEntries(
      Object.entries(variables).map(([name, value]: [string, unknown]) => [
        name,
        isSecretName(name) || secretVariable.test(name) ? this.#hide(value) : this.json(value),
      ]),
    );
  }

  /** A text may itself be JSON, such as a key set or the annotation of kubectl. */
  #string(text: string): string {
    if (/^\s*[[{]/.test(text)) {
      try {
        const value: unknown = JSON.parse(text);
        return JSON.stringify(this.json(value));
      } catch {
        // No JSON after all.
      }
    }
    return text.includes('\n') ? this.text(text) : this.#patterns(text);
  }

  #line(line: string): string {
    return /^\s*\{.*\}\s*$/.test(line) ? this.#string(line) : line;
  }

  #patterns(text: string): string {
    return text
      .replaceAll(privateKey, (key) => this.#mark(key, `${redacted} private key`))
      .replaceAll(encodedPem, (encoded) =>
        holdsPrivateKey(encoded) ? this.#mark(encoded) : encoded,
      )
      .replaceAll(scheme, (found, word: string, space: string) => {
        this.learn(found.slice(word.length + space.length));
        return `${word}${space}${redacted}`;
      })
      .replaceAll(webToken, (token) => this.#mark(token))
      .replaceAll(userInfo, (found, start: string) => {
        this.#learnPassword(found.slice(start.length, -1));
        return `${start}${redacted}@`;
      })
      .replaceAll(flagValue, (found, flag: string, space: string, value: string) =>
        harmless.test(flag.replace(/^-+/, ''))
          ? found
          : `${flag}${space}${this.#mark(value, redacted)}`,
      )
      .replaceAll(assignment, (found, name: string, sign: string, value: string) => {
        if (harmless.test(name) || value.includes(redacted) || isPlain(value)) return found;
        const [, open = '', inner = value, close = ''] =
          /^(\\?["'])(.*?)(\\?["'])$/s.exec(value) ?? [];
        this.learn(inner);
        return `${name}${sign}${open}${redacted}${close}`;
      });
  }

  #learnPassword(user: string): void {
    const [, password] = /^[^:]*:(.+)$/.exec(user) ?? [];
    this.learn(password ?? user);
  }

  #hideAll(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item: unknown) => this.#hideAll(item));
    if (!isObject(value)) return typeof value === 'boolean' ? value : this.#hide(value);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === '@type' || key === 'append_action' ? item : this.#hideAll(item),
      ]),
    );
  }

  #hide(value: unknown): unknown {
    if (isObject(value) || Array.isArray(value)) return this.#hideAll(value);
    if (typeof value !== 'string' && typeof value !== 'number') return value;
    const text = String(value);
    if (text === '') return text;
    this.#learnEverything(text);
    return redacted;
  }

  #mark(secret: string, mark = redacted): string {
    this.learn(secret);
    return mark;
  }

  /** A value of a Secret is base64 of what programs have; a header has a word before its token. */
  #learnEverything(text: string): void {
    this.learn(text);
    this.learn(text.replace(/^(?:Bearer|Basic)\s+/i, ''));
    if (/^[A-Za-z0-9+/\s]+={0,2}$/.test(text) && text.replaceAll(/\s/g, '').length % 4 === 0) {
      const plain = Buffer.from(text, 'base64').toString('utf8');
      if (!plain.includes('\uFFFD')) this.learn(plain);
    }
  }

  /** The longest first: one secret may be a part of another. */
  #forms(): readonly string[] {
    const forms = [...this.#known].flatMap((secret) => [
      secret,
      Buffer.from(secret).toString('base64'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]);
    return [...new Set(forms)].sort((left, right) => right.length - left.length);
  }
}

function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmless.test(name);
}

/** Numbers, switches and the like are no secrets, whatever their names: `max_tokens=100`. */
function isPlain(value: string): boolean {
  return /^["']?(?:true|false|null|none|undefined|-|\d{1,5}(?:\.\d+)?(?:ms|s|m|h)?)["']?$/i.test(
    value,
  );
}

/** The name in a pair of a name and a value, or a condition; an object with more in it is something else. */
function nameOf(value: object): string | undefined {
  const fields = value as Readonly<Record<string, unknown>>;
  if (!Object.keys(fields).every((key) => partsOfPair.has(key))) return undefined;
  const found = nameKeys.map((key) => fields[key]).find((name) => typeof name === 'string');
  return typeof found === 'string' ? found : undefined;
}

/** The content of a Secret, and the private members of a JSON Web Key. */
function isWholeSecret(owner: object, key: string): boolean {
  if ('kty' in owner) return privateKeyMembers.has(key);
  const isContent = key === 'data' || key === 'stringData';
  return isContent && 'kind' in owner && owner.kind === 'Secret';
}

function holdsPrivateKey(encoded: string): boolean {
  return Buffer.from(encoded, 'base64').toString('latin1').includes('PRIVATE KEY');
}
