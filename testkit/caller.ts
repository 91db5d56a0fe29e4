import {
  Agent,
  type ClientRequestArgs,
  type IncomingMessage,
  request as startRequest,
} from 'node:http';
import { type Socket, connect } from 'node:net';
import { addAbortSignal } from 'node:stream';
import type { Outcome, TestRequest } from './observation.ts';

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export interface CallOptions {
  /** The Unix socket of the listener that takes the connection. */
  readonly socketPath: string;
  /** Where the connection was going, before the proxy took it. */
  readonly destination: SocketAddress;
  /** Where the caller says that it comes from. */
  readonly source: SocketAddress;
  /** Milliseconds after which the caller gives up. */
  readonly timeout: number;
  /** Keeps the connections for later requests. */
  readonly connections: Connections;
}

type Route = Pick<CallOptions, 'socketPath' | 'destination' | 'source'>;

/** Connections of callers that are kept open, by where they were going: as programs keep theirs. */
export class Connections extends Agent {
  constructor() {
    super({ keepAlive: true, maxFreeSockets: 64 });
  }

  override getName(options?: ClientRequestArgs): string {
    const { socketPath, destination } = options as Route;
    return `${socketPath} ${destination.address}:${destination.port}`;
  }

  override createConnection(options: ClientRequestArgs): Socket {
    return open(options as Route);
  }
}

/** What a byte stream sends to be told what came of it. */
const ping = 'composemesh\n';

/** Sends a request as a program would whose connections are captured. What goes wrong is part of the outcome. */
export async function call(request: TestRequest, options: CallOptions): Promise<Outcome> {
  const start = performance.now();
  const took = (): number => Math.round(performance.now() - start);
  const signal = AbortSignal.timeout(options.timeout);
  try {
    if (new URL(request.url).protocol === 'tcp:') {
      const socket = addAbortSignal(signal, open(options));
      const body = await exchange(socket);
      return { kind: 'answer', status: 0, headers: {}, body, took: took() };
    }
    const response = await send(request, options, signal);
    return { kind: 'answer', ...(await read(response)), took: took() };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${options.timeout} ms` : describe(error);
    return { kind: 'failure', reason, took: took() };
  }
}

/** A connection that begins with a PROXY line (version 1): where it comes from and where it was going. */
function open({ socketPath, destination, source }: Route): Socket {
  const socket = connect({ path: socketPath });
  const addresses = `${source.address} ${destination.address}`;
  socket.write(`PROXY TCP4 ${addresses} ${source.port} ${destination.port}\r\n`);
  return socket;
}

function send(
  request: TestRequest,
  { connections, socketPath, destination, source }: CallOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { host, pathname, search } = new URL(request.url);
  return new Promise((resolve, reject) => {
    const route: Route = { socketPath, destination, source };
    const outgoing = startRequest({
      ...route,
      agent: connections,
      method: request.method,
      path: `${pathname}${search}`,
      headers: { host, ...request.headers },
      signal,
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(request.body);
  });
}

async function read(
  response: IncomingMessage,
): Promise<Omit<Extract<Outcome, { kind: 'answer' }>, 'kind' | 'took'>> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.entries(response.headersDistinct).map(([name, values]) => [
    name,
    values?.join(', ') ?? '',
  ]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Sends some bytes and waits for as many back. */
function exchange(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length < ping.length) return;
      socket.end();
      resolve(text);
    });
    socket.once('error', reject);
    socket.once('close', () => {
      reject(new Error('the connection was closed without an answer'));
    });
    socket.write(ping);
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? 'the connection was closed without an answer' : error.message;
}
