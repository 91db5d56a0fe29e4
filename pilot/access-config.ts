import { isIP } from 'node:net';
import { type HostPort, splitAddress } from './address.ts';
import { type Role, roles } from './http/access/role.ts';

/** Who may use the configuration API, and how. */
export interface AccessConfig {
  /** YAML file with names, roles and tokens. */
  readonly tokenFile?: string;
  readonly tls?: TlsConfig;
  /** File for the records of writes, or - for standard output. */
  readonly auditLog?: string;
  readonly localRole: Role;
  readonly remoteRole: Role;
  /**
   * From where the container engine forwards connections to the published port: addresses, or `gateway` for the
   * default gateway. Empty unless the port is published on loopback only.
   */
  readonly forwarders: readonly string[];
}

export interface TlsConfig {
  readonly address: HostPort;
  readonly cert: string;
  readonly key: string;
}

/** What the command line gives, as text. */
export interface AccessFlags {
  readonly tokenFile?: string;
  readonly https?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly auditLog?: string;
  readonly localRole?: string;
  readonly remoteRole?: string;
  readonly publishedOn?: string;
  readonly publishedFrom?: string;
}

const defaultHttps = '127.0.0.1:8443';

/** Checks the flags; an empty value counts as none, so that compose files can pass variables on. */
export function parseAccess(flags: AccessFlags): {
  readonly config: AccessConfig;
  readonly messages: readonly string[];
} {
  const messages: string[] = [];
  const given = (name: keyof AccessFlags): string | undefined =>
    flags[name] === '' ? undefined : flags[name];
  const role = (name: 'localRole' | 'remoteRole', flag: string, fallback: Role): Role => {
    const text = given(name) ?? fallback;
    const found = roles.find((candidate) => candidate === text);
    if (found === undefined) messages.push(`--${flag} "${text}" is not one of ${roles.join(', ')}`);
    return found ?? fallback;
  };
  const tls = parseTls(given('tlsCert'), given('tlsKey'), given('https'));
  if (typeof tls === 'string') messages.push(tls);
  const forwarders = (given('publishedFrom') ?? 'gateway').split(',').map((text) => text.trim());
  for (const text of forwarders) {
    if (text !== 'gateway' && isIP(text) === 0) {
      messages.push(`--published-from "${text}" is not an IP address or "gateway"`);
    }
  }
  const tokenFile = given('tokenFile');
  const auditLog = given('auditLog');
  const config: AccessConfig = {
    localRole: role('localRole', 'local-role', 'admin'),
    remoteRole: role('remoteRole', 'remote-role', 'read'),
    forwarders: isLoopback(given('publishedOn')) ? forwarders : [],
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(typeof tls === 'object' ? { tls } : {}),
    ...(auditLog === undefined ? {} : { auditLog }),
  };
  return { config, messages };
}

/** What is wrong, as text; undefined without TLS. */
function parseTls(
  cert: string | undefined,
  key: string | undefined,
  https: string | undefined,
): TlsConfig | string | undefined {
  if (cert === undefined && key === undefined) {
    return https === undefined ? undefined : '--https needs --tls-cert and --tls-key';
  }
  if (cert === undefined) return '--tls-key needs --tls-cert';
  if (key === undefined) return '--tls-cert needs --tls-key';
  const text = https ?? defaultHttps;
  const address = splitAddress(text);
  return address === undefined ? `--https "${text}" is not HOST:PORT` : { address, cert, key };
}

/** What an Engine publishes on loopback can only be reached from its machine. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)$/.test(address);
}
