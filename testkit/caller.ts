import {
  Agent,
  type ClientRequest,
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
export function call(request: TestRequest, options: CallOptions): Promise<Outcome> {
  return measure(options.timeout, async (signal) => {
    if (new URL(request.url).protocol === 'tcp:') {
      const socket = addAbortSignal(signal, open(options));
      return { status: 0, headers: {}, body: await exchange(socket) };
    }
    return read(await send(request, options, signal));
  });
}

/** Reads what comes of a request that `start` has sent. */
export function readOutcome(
  timeout: number,
  start: (signal: AbortSignal) => ClientRequest,
): Promise<Outcome> {
  return measure(timeout, async (signal) => read(await responseTo(start(signal))));
}

type Answer = Omit<Extract<Outcome, { kind: 'answer' }>, 'kind' | 'took'>;

async function measure(
  timeout: number,
  action: (signal: AbortSignal) => Promise<Answer>,
): Promise<Outcome> {
  const start = performance.now();
  const took = (): number => Math.round(performance.now() - start);
  const signal = AbortSignal.timeout(timeout);
  try {
    return { kind: 'answer', ...(await action(signal)), took: took() };
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${timeout} ms` : describe(error);
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
  const route: Route = { socketPath, destination, source };
  const outgoing = startRequest({
    ...route,
    agent: connections,
    method: request.method,
    path: `${pathname}${search}`,
    headers: { host, ...request.headers },
    signal,
  });
  outgoing.end(request.body);
  return responseTo(outgoing);
}

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
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
