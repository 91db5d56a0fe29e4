/**
 * Looks into a running mesh for `cmesh proxy-status`, `proxy-config`, `describe`, `dashboard`, `version` and
 * `bug-report`: asks pilot, and the admin interface of every Envoy wherever it is. Nothing here changes a mesh, but for
 * the log levels that a user sets.
 */
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { OperationError, describeError } from '../kit/errors.ts';

/** The admin interface of one Envoy. Every call throws OperationError `E_ENVOY_ADMIN` when Envoy does not answer. */
export interface EnvoyAdmin {
  /** How it is reached, for people. */
  readonly where: string;
  /** A connection to it. */
  readonly connect: () => Promise<Duplex>;
  readonly get: (path: string) => Promise<string>;
  readonly post: (path: string) => Promise<string>;
}

/** For one answer, ms: a dump of a big mesh takes Envoy a second or two. */
const timeLimit = 30_000;

/** The admin interface at an address of this machine's network. */
export function adminAt(host: string, port: number): EnvoyAdmin {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return adminThrough(place, () => connectTo(host, port));
}

/** The admin interface behind connections that `open` makes. */
export function adminThrough(where: string, open: () => Promise<Duplex>): EnvoyAdmin {
  const call = async (method: 'GET' | 'POST', path: string): Promise<string> => {
    try {
      const { status, body } = await exchange(await open(), method, path);
      if (status === 200) return body;
      throw new Error(`it answers ${status} to ${path}: ${body.trim().slice(0, 300)}`);
    } catch (cause) {
      const text = `the admin interface of Envoy at ${where} does not answer as one: ${describeError(cause)}`;
      throw new OperationError('E_ENVOY_ADMIN', text, { cause: undefined });
    }
  };
  return {
    where,
    connect: open,
    get: (path) => call('GET', path),
    post: (path) => call('POST', path),
  };
}

/** HOST:PORT, or a port of this machine; undefined when it is neither. */
export function parseAdminAddress(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, host = '127.0.0.1', digits = ''] =
    /^(?:(?:http:\/\/)?(.+):)?(\d{1,5})\/?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

function connectTo(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

/** One exchange on a connection of its own, which ends with it. */
function exchange(connection: Duplex, method: string, path: string): Promise<Reply> {
  return new Promise<Reply>((resolve, reject) => {
    const outgoing = request({
      method,
      path,
      headers: { host: 'localhost', connection: 'close' },
      createConnection: () => connection,
      signal: AbortSignal.timeout(timeLimit),
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.end();
  }).finally(() => {
    connection.destroy();
  });
}
