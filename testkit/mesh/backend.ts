import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import {
  type AddressInfo,
  type Server,
  type Socket,
  createServer as createTcpServer,
} from 'node:net';
import { type Closer, delay } from '../../kit/lifecycle.ts';
import type { Arrival } from './observation.ts';

/** What a backend does with one request instead of answering it with 200. */
export interface Behaviour {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds before the answer. */
  readonly delay?: number;
  /** Closes the connection without an answer. */
  readonly reset?: true;
}

/** Who a backend stands for. */
export type Identity = Pick<Arrival, 'service' | 'workload' | 'version' | 'port'>;

export interface BackendOptions {
  readonly identity: Identity;
  /** Told of every arrival; says what to do with it. */
  readonly onArrival: (requestId: string | undefined, arrival: Arrival) => Behaviour | undefined;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** How an HTTP/2 connection begins (RFC 9113 §3.4). */
const http2Preface = 'PRI * HTTP/2';

/**
 * Stands for one workload on one port of its service: takes HTTP/1.1, HTTP/2 and any byte stream on the same port
 * of 127.0.0.1, and says who it is and what it was asked.
 */
export class Backend implements Closer {
  readonly #options: BackendOptions;
  readonly #sockets = new Set<Socket>();
  readonly #http1 = createServer((request, response) => void this.#answer(request, response));
  readonly #http2 = createHttp2Server((request, response) => void this.#answer(request, response));
  readonly #server: Server;

  private constructor(options: BackendOptions) {
    this.#options = options;
    this.#http1.keepAliveTimeout = 0;
    this.#server = createTcpServer({ noDelay: true, pauseOnConnect: false }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      socket.once('readable', () => {
        this.#sort(socket);
      });
    });
  }

  static async start(options: BackendOptions): Promise<Backend> {
    const backend = new Backend(options);
    backend.#server.listen(0, '127.0.0.1');
    await once(backend.#server, 'listening');
    return backend;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#http1.close();
    this.#http2.close();
    await closed;
  }

  /** Gives a connection to the server of what its first bytes are. */
  #sort(socket: Socket): void {
    const first = socket.read() as Buffer | null;
    if (first === null) return;
    const text = first.toString('latin1');
    socket.unshift(first);
    if (text.startsWith(http2Preface)) this.#http2.emit('connection', socket);
    else if (/^[A-Z]+ \S+ HTTP\/1/.test(text)) this.#http1.emit('connection', socket);
    else this.#echoBytes(socket);
  }

  #echoBytes(socket: Socket): void {
    this.#options.onArrival(undefined, { ...this.#options.identity, mirrored: false });
    socket.pipe(socket);
  }

  async #answer(request: Request, response: Response): Promise<void> {
    const { identity, onArrival } = this.#options;
    const headers = joinHeaders(request);
    const authority = headers[':authority'] ?? headers['host'] ?? '';
    const arrival: Arrival = {
      ...identity,
      mirrored: /-shadow(:\d+)?$/.test(authority),
      request: {
        method: request.method ?? '',
        path: request.url ?? '',
        authority: authority.replace(/-shadow(?=:\d+$|$)/, ''),
        headers,
      },
    };
    request.on('error', () => undefined);
    request.resume();
    const behaviour = onArrival(headers['x-request-id'], arrival);
    if (behaviour?.delay !== undefined) await delay(behaviour.delay);
    if (behaviour?.reset === true) request.socket.destroy();
    else respond(response, arrival, behaviour);
  }
}

function respond(response: Response, arrival: Arrival, behaviour: Behaviour = {}): void {
  const { status = 200, headers = {}, body } = behaviour;
  const { service, workload, version } = arrival;
  const text = body ?? `${JSON.stringify({ service, workload, version, ...arrival.request })}\n`;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.statusCode = status;
  response.end(text);
}

function joinHeaders(request: Request): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
}
