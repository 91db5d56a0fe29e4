import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Closer } from '../../kit/lifecycle.ts';
import { closeServer, listenOnLoopback, portOf } from './loopback.ts';

/** A request as a backend got it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a backend answers: who it is, and what it was asked. */
export interface Echo extends Received {
  readonly service: string;
  readonly version: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An HTTP service on loopback that says what it was asked, and answers otherwise when a test wants it to. */
export class EchoServer implements Closer {
  readonly service: string;
  readonly version: string;
  /** Everything that was asked, oldest first. */
  readonly received: Received[] = [];
  /** Answers instead of the echo, until the test ends it. */
  answer: Handler | undefined;
  readonly server: Server;

  private constructor(service: string, version: string) {
    this.service = service;
    this.version = version;
    this.server = createServer((request, response) => {
      void this.#handle(request, response);
    });
    // A proxy keeps its connections; one that ends while a request is on its way would cost that request.
    this.server.keepAliveTimeout = 0;
  }

  static async start(service: string, version: string): Promise<EchoServer> {
    const echo = new EchoServer(service, version);
    await listenOnLoopback(echo.server);
    return echo;
  }

  get port(): number {
    return portOf(this.server);
  }

  close(): Promise<void> {
    return closeServer(this.server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received: Received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: joinHeaders(request),
      body: Buffer.concat(chunks).toString(),
    };
    this.received.push(received);
    if (this.answer !== undefined) {
      this.answer(request, response);
      return;
    }
    const echo: Echo = { service: this.service, version: this.version, ...received };
    response.setHeader('x-backend', this.version);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(echo));
  }
}

function joinHeaders(request: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headersDistinct).map(([name, values]) => [
      name,
      values?.join(', ') ?? '',
    ]),
  );
}

/** Answers with a status and nothing else. */
export function answerWith(status: number): Handler {
  return (_request, response) => {
    response.writeHead(status).end();
  };
}
