/** Where Consul is, and how it is entered: the registry URI and Consul's own environment variables. */

export interface ConsulAddress {
  /** Such as http://127.0.0.1:8500; for a socket the host has no meaning. */
  readonly address: string;
  readonly socketPath?: string;
  readonly token?: string;
  /** Holds the token, and wins over it, as in Consul's own client. */
  readonly tokenFile?: string;
  /** `user:password`. */
  readonly auth?: string;
  readonly namespace?: string;
  readonly partition?: string;
  /** Present when the connection is TLS. */
  readonly tls?: ConsulTls;
}

/** Paths of PEM files. */
export interface ConsulTls {
  readonly caFile?: string;
  /** A folder of them; all are trusted. */
  readonly caFolder?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly serverName?: string;
  /** The server has to prove who it is. */
  readonly verify: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Reject = (fault: string) => void;

/** Host and port, or a socket, and whether it is TLS by its scheme. */
interface Place {
  readonly host: string;
  readonly secure: boolean;
  readonly socketPath?: string;
}

const defaultHost = '127.0.0.1:8500';

/**
 * The variables are those of Consul's Go client (api.DefaultConfig), which gliderlabs/registrator uses: an
 * address in the URI wins over CONSUL_HTTP_ADDR.
 */
export function parseConsulAddress(uri: string, env: Environment, reject: Reject): ConsulAddress {
  const place = parseUri(uri, env, reject);
  const secure = place.secure || parseSwitch(env, 'CONSUL_HTTP_SSL', reject) === true;
  const tls = secure ? parseTls(env, reject) : undefined;
  const auth = env['CONSUL_HTTP_AUTH'] ?? '';
  if (auth !== '' && !auth.includes(':')) {
    reject('CONSUL_HTTP_AUTH has no ":"; write user:password');
  }
  return {
    address: `${secure ? 'https' : 'http'}://${place.host}`,
    ...present('socketPath', place.socketPath),
    ...present('token', env['CONSUL_HTTP_TOKEN']),
    ...present('tokenFile', env['CONSUL_HTTP_TOKEN_FILE']),
    ...present('auth', auth),
    ...present('namespace', env['CONSUL_NAMESPACE']),
    ...present('partition', env['CONSUL_PARTITION']),
    ...(tls === undefined ? {} : { tls }),
  };
}

function parseUri(uri: string, env: Environment, reject: Reject): Place {
  if (/^consul:(\/\/)?$/.test(uri)) return parseAddressVariable(env, reject);
  const socket = /^consul-unix:(?:\/\/)?(\/.+)$/.exec(uri)?.[1];
  if (socket !== undefined) return { host: 'localhost', secure: false, socketPath: socket };
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const scheme = url?.protocol;
  const known = scheme === 'consul:' || scheme === 'consul-tls:';
  if (url === undefined || !known || url.hostname === '' || !/^\/?$/.test(url.pathname)) {
    reject(
      `registry URI "${uri}" is not supported; use consul://HOST:PORT, consul-tls://HOST:PORT or consul-unix://PATH`,
    );
    return { host: defaultHost, secure: false };
  }
  const secure = scheme === 'consul-tls:';
  return { host: withPort(url, secure ? 8501 : 8500), secure };
}

/** CONSUL_HTTP_ADDR: HOST:PORT, a URL, or unix:// and a path. */
function parseAddressVariable(env: Environment, reject: Reject): Place {
  const text = env['CONSUL_HTTP_ADDR'] ?? '';
  if (text === '') return { host: defaultHost, secure: false };
  if (text.startsWith('unix:///')) {
    return { host: 'localhost', secure: false, socketPath: text.slice('unix://'.length) };
  }
  const address = /^https?:\/\//.test(text) ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^\/?$/.test(url.pathname)) {
    reject(
      `CONSUL_HTTP_ADDR "${text}" is no address; write HOST:PORT, https://HOST:PORT or unix://PATH`,
    );
    return { host: defaultHost, secure: false };
  }
  const secure = url.protocol === 'https:';
  return { host: withPort(url, secure ? 8501 : 8500), secure };
}

function withPort({ hostname, port }: URL, usual: number): string {
  return `${hostname}:${port === '' ? usual : port}`;
}

function parseTls(env: Environment, reject: Reject): ConsulTls {
  const certFile = env['CONSUL_CLIENT_CERT'] ?? '';
  const keyFile = env['CONSUL_CLIENT_KEY'] ?? '';
  if ((certFile === '') !== (keyFile === '')) {
    reject('CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together or not at all');
  }
  return {
    ...present('caFile', env['CONSUL_CACERT']),
    ...present('caFolder', env['CONSUL_CAPATH']),
    ...present('certFile', certFile),
    ...present('keyFile', keyFile),
    ...present('serverName', env['CONSUL_TLS_SERVER_NAME']),
    verify: parseSwitch(env, 'CONSUL_HTTP_SSL_VERIFY', reject) ?? true,
  };
}

/** The spellings that Go's strconv.ParseBool takes. */
function parseSwitch(env: Environment, name: string, reject: Reject): boolean | undefined {
  const text = env[name] ?? '';
  if (text === '') return undefined;
  if (/^(1|t|T|true|True|TRUE)$/.test(text)) return true;
  if (!/^(0|f|F|false|False|FALSE)$/.test(text)) reject(`${name} "${text}": must be true or false`);
  return false;
}

function present<K extends string>(
  key: K,
  value: string | undefined,
): Partial<Readonly<Record<K, string>>> {
  return value === undefined || value === '' ? {} : ({ [key]: value } as Record<K, string>);
}
