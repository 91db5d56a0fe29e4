import { isIP } from 'node:net';
import { parseDuration, tooLong } from './duration.ts';
import type { FieldError } from './field-error.ts';
import { asWarning, duplicate, forbidden, invalid, required } from './field-error.ts';
import { findRegexFault } from './regex.ts';
import type { ObjectMeta } from './resource.ts';

/**
 * Rules for single values that several kinds share. They follow Istio's validation
 * (istio/istio pkg/config/validation); each yields what is wrong and how to put it right.
 */

type Findings = Iterable<FieldError>;

const dnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const domainLabel = /^[a-z0-9_](?:[-a-z0-9_]{0,61}[a-z0-9_])?$/i;
const labelValue = /^(?:[a-z0-9A-Z](?:[-_.a-z0-9A-Z]{0,61}[a-z0-9A-Z])?)?$/;

export function isDnsLabel(text: string): boolean {
  return dnsLabel.test(text);
}

/** A DNS name: labels of letters, digits, - and _, at most 255 characters, no final dot needed. */
export function isDomainName(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length <= 255 && name.split('.').every((label) => domainLabel.test(label));
}

/** An address without a zone (fe80::1%eth0), which means something on one machine only, and nothing to Envoy. */
export function isIpAddress(text: string): boolean {
  return familyOf(text) !== 0;
}

/** 4, 6, or 0 when it is no address. */
function familyOf(text: string): number {
  return text.includes('%') ? 0 : isIP(text);
}

/** An address with an optional prefix length. */
export function isSubnet(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  const family = familyOf(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    length === undefined ||
    (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128))
  );
}

/**
 * Whether a name ends in a number, as an address does: no service can be called by it, because whoever connects to it
 * takes it for an address (RFC 3696 §2).
 */
export function endsInNumber(text: string): boolean {
  return /(?:^|\.)\d+\.?$/.test(text);
}

/** A DNS name whose first label may be * or begin with it. */
export function isWildcardDomain(text: string): boolean {
  if (text === '*') return true;
  const rest = text.startsWith('*.') ? text.slice(2) : text.replace(/^\*-?/, '');
  return rest !== '' && isDomainName(rest);
}

export function* checkHost(path: string, host: string): Findings {
  if (host === '') yield required(path, 'write the name of a service, such as reviews');
  else if (endsInNumber(host)) yield invalid(path, host, 'must be a name that ends in no number');
  else if (!isWildcardDomain(host)) {
    yield invalid(
      path,
      host,
      'must be a DNS name, such as reviews.service.consul; only its first label may be *',
    );
  }
}

export function* checkPort(path: string, port: number | undefined): Findings {
  if (port !== undefined && (port < 1 || port > 65535)) {
    yield invalid(path, port, 'must be between 1 and 65535');
  }
}

/** A duration of at least `least` milliseconds. */
export function* checkDuration(path: string, text: string | undefined, least = 1): Findings {
  if (text === undefined) return;
  const amount = parseDuration(text);
  if (amount === undefined) {
    yield invalid(path, text, 'must be a duration such as 1.5s, 200ms or 1h');
  } else if (amount < least) {
    yield invalid(path, text, `must be a duration of at least ${least}ms`);
  } else if (amount >= tooLong) {
    yield invalid(path, text, 'must be at most 2562047h (292 years)');
  } else if (!isWholeMilliseconds(amount)) {
    yield invalid(path, text, 'must be in whole milliseconds, such as 1.5s or 200ms');
  }
}

/** For what is sent in seconds, as in an Access-Control-Max-Age header. */
export function* checkWholeSeconds(path: string, text: string | undefined): Findings {
  const amount = text === undefined ? undefined : parseDuration(text);
  if (amount !== undefined && amount % 1000 !== 0) {
    yield invalid(path, text, 'must be in whole seconds, such as 90s or 24h');
  }
}

/** Whether nothing smaller is asked for; a sum of decimal terms may miss a whole number by its last bits. */
function isWholeMilliseconds(amount: number): boolean {
  return Math.abs(amount - Math.round(amount)) <= Math.abs(amount) * 2 ** -48;
}

export function* checkPercent(path: string, value: number | undefined): Findings {
  if (value !== undefined && (value < 0 || value > 100)) {
    yield invalid(path, value, 'must be a percentage between 0 and 100');
  }
}

export function* checkNotNegative(
  path: string,
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Findings {
  for (const name of names) {
    const value = fields[name];
    if (typeof value === 'number' && value < 0) {
      yield invalid(`${path}.${name}`, value, 'must not be negative');
    }
  }
}

export function* checkRegex(path: string, pattern: string | undefined): Findings {
  if (pattern === undefined) return;
  const fault = findRegexFault(pattern);
  if (fault !== undefined) {
    yield invalid(path, pattern, `${fault}; write it in RE2 syntax`);
  }
}

/** The name of any header (RFC 9110 §5.6.2, token). */
export function* checkHeaderToken(path: string, name: string): Findings {
  if (!isHeaderToken(name)) yield invalid(path, name, 'must be a header name (RFC 9110 token)');
}

export function isHeaderToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

export function* checkSubsetName(path: string, name: string | undefined): Findings {
  if (name === '') yield required(path, 'write the name of a subset, such as v1');
  else if (name !== undefined && !subsetName.test(name)) {
    yield invalid(path, name, 'must be letters, digits and -, at most 63 of them');
  }
}

/** Unlike names of objects, in capitals too (istio/istio pkg/config/labels, IsDNS1123Label). */
const subsetName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/i;

export function* checkSubnets(path: string, subnets: readonly string[] | undefined): Findings {
  for (const [index, subnet] of (subnets ?? []).entries()) {
    if (!isSubnet(subnet)) {
      yield invalid(`${path}[${index}]`, subnet, 'must be an address or a CIDR such as 10.0.0.0/8');
    }
  }
}

export function* checkLabels(
  path: string,
  labels: Readonly<Record<string, string>> | undefined,
): Findings {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isLabelKey(key)) yield invalid(path, key, `must be a label key: ${qualified}`);
    if (!labelValue.test(value)) {
      yield invalid(
        `${path}[${key}]`,
        value,
        'must be a label value: at most 63 letters, digits, -, _ or ., beginning and ending with a letter or digit',
      );
    }
  }
}

/** Values of annotations may be any text. */
export function* checkAnnotations(
  path: string,
  annotations: Readonly<Record<string, string>> | undefined,
): Findings {
  for (const key of Object.keys(annotations ?? {})) {
    if (!isLabelKey(key)) yield invalid(path, key, `must be an annotation key: ${qualified}`);
  }
}

const qualified = 'a name, or a DNS prefix, / and a name';

function isLabelKey(key: string): boolean {
  const [name = '', prefix, ...rest] = key.split('/').reverse();
  if (rest.length > 0 || name === '' || !labelValue.test(name)) return false;
  return prefix === undefined || isDomainName(prefix);
}

/** Labels of a selector: Istio takes no wildcards there. */
export function* checkSelector(
  path: string,
  labels: Readonly<Record<string, string>> | undefined,
): Findings {
  if (Object.keys(labels ?? {}).length === 0) {
    yield asWarning(invalid(path, {}, 'selects every workload of the namespace; name labels'));
  }
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (key === '') yield invalid(path, `=${value}`, 'must not have an empty key');
    else if (key.includes('*') || value.includes('*')) {
      yield invalid(path, `${key}=${value}`, 'wildcards are not supported in a selector');
    }
  }
}

export function* checkNamespace(path: string, namespace: string | undefined): Findings {
  if (namespace !== undefined && namespace !== '' && !isDnsLabel(namespace)) {
    yield invalid(path, namespace, 'must be a namespace: lower-case letters, digits and -');
  }
}

/** Names of gateways: mesh, NAME or NAMESPACE/NAME. */
export function* checkGateways(path: string, gateways: readonly string[] | undefined): Findings {
  for (const [index, gateway] of (gateways ?? []).entries()) {
    const [first = '', second, ...rest] = gateway.split('/');
    const valid =
      second === undefined
        ? isDomainName(first)
        : rest.length === 0 && isDnsLabel(first) && isDnsLabel(second);
    if (!valid) yield invalid(`${path}[${index}]`, gateway, 'must be mesh, NAME or NAMESPACE/NAME');
  }
}

/** Namespaces an object is visible in; `~` (nobody) is for ServiceEntry only. */
export function* checkExportTo(
  path: string,
  exportTo: readonly string[] | undefined,
  { namespace }: Pick<ObjectMeta, 'namespace'>,
  special: readonly string[] = ['.', '*'],
): Findings {
  const entries = exportTo ?? [];
  const named: readonly (string | undefined)[] = entries.map((entry) =>
    entry === '.' ? namespace : entry,
  );
  for (const [index, entry] of entries.entries()) {
    const place = `${path}[${index}]`;
    if (named.indexOf(named[index]) !== index) yield duplicate(place, entry);
    if (!special.includes(entry) && !isDnsLabel(entry)) {
      yield invalid(place, entry, 'must be a namespace, "." for its own or "*" for all');
    }
  }
  for (const alone of ['*', '~']) {
    if (entries.includes(alone) && entries.length > 1) {
      yield forbidden(path, `"${alone}" stands for itself; remove the other entries`);
    }
  }
}

/** At most one of `names` may be set. */
export function* checkOneOf(
  path: string,
  fields: Readonly<Record<string, unknown>> | undefined,
  names: readonly string[],
): Findings {
  const set = names.filter((name) => fields?.[name] !== undefined);
  if (set.length > 1) {
    yield forbidden(
      path,
      `only one of ${names.join(', ')} may be set; it has ${set.join(' and ')}`,
    );
  }
}
