import { OperationError } from '../../kit/errors.ts';

/** Where a pilot answers, and how it knows who asks. */
export interface PilotAddress {
  /** Base URL of its configuration API, without a slash at the end. */
  readonly url: string;
  /** How the person named it, for messages; missing when nobody did. */
  readonly source?: string;
  readonly token?: string;
  /** Path of a PEM file with the certificates to trust, instead of those of the system. */
  readonly certificateAuthority?: string;
}

/** The options of every command that asks pilot. */
export interface AddressFlags {
  readonly pilot?: string;
  /** The name that kubectl has for it. */
  readonly server?: string;
  readonly token?: string;
  readonly certificateAuthority?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const defaultPilot = 'http://localhost:8080';

/**
 * Finds pilot: --pilot (or --server), then CMESH_PILOT, then http://localhost:8080. Throws OperationError `E_USAGE`
 * when what is named is no address, when a token is none, or when it would go over a network in the clear.
 */
export function findPilot(flags: AddressFlags, env: Environment): PilotAddress {
  const named = nameOf(flags, env);
  const url = readUrl(named ?? { source: '', text: defaultPilot });
  const token = readToken(flags, env);
  const certificateAuthority =
    flags.certificateAuthority ?? given(env['CMESH_CERTIFICATE_AUTHORITY']);
  if (token !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)) {
    const text = `a token is not sent to ${url.origin} in the clear: use https, or an address of this machine`;
    throw new OperationError('E_USAGE', text);
  }
  return {
    url: url.href.replace(/\/$/, ''),
    ...(named === undefined ? {} : { source: named.source }),
    ...(token === undefined ? {} : { token }),
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
  };
}

/** An address as its owner wrote it. */
interface NamedAddress {
  readonly source: string;
  readonly text: string;
}

function nameOf(flags: AddressFlags, env: Environment): NamedAddress | undefined {
  if (flags.pilot !== undefined) return { source: '--pilot', text: flags.pilot };
  if (flags.server !== undefined) return { source: '--server', text: flags.server };
  const text = given(env['CMESH_PILOT']);
  return text === undefined ? undefined : { source: 'CMESH_PILOT', text };
}

/** Files and secrets of pipelines end in a line break, which no token has; the message must not quote it. */
function readToken(flags: AddressFlags, env: Environment): string | undefined {
  const text = (flags.token ?? given(env['CMESH_TOKEN']))?.trim();
  if (text === undefined || /^[\x21-\x7e]+$/.test(text)) return text;
  const source = flags.token === undefined ? 'CMESH_TOKEN' : '--token';
  const what = text === '' ? 'is empty' : 'has blanks, line breaks or letters that no token has';
  throw new OperationError('E_USAGE', `${source} ${what}`);
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** HOST:PORT is enough: it means http. */
function readUrl({ source, text }: NamedAddress): URL {
  const full = /^[\w.-]+:\d+\/?$|^\[[\da-f:]+\]:\d+\/?$/i.test(text) ? `http://${text}` : text;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url !== undefined && isBase(url)) return url;
  const message = `${source} "${text}" is not a URL such as ${defaultPilot}`;
  throw new OperationError('E_USAGE', message);
}

function isBase({ protocol, search, hash, username }: URL): boolean {
  return /^https?:$/.test(protocol) && `${search}${hash}${username}` === '';
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
