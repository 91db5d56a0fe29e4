import { Agent, type ClientRequestArgs, request as startRequest } from 'node:http';
import { type Socket, connect } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { type Answer, type Outcome, measureOutcome, readAnswer } from '../../kit/http-outcome.ts';
import type { TestRequest } from './observation.ts';

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
  return measureOutcome(options.timeout, async (signal) => {
    if (new URL(request.url).protocol === 'tcp:') {
      const socket = addAbortSignal(signal, open(options));
      return { status: 0, headers: {}, body: await exchange(socket) };
    }
    return send(request, options, signal);
  });
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
): Promise<Answer> {
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
  return readAnswer(outgoing.end(request.body));
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
