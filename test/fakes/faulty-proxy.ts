/** Stands between a client and an HTTP server on loopback, and lets calls go wrong. */
import {
  createServer,
  request as startRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { addressOf, closeServer, listenOnLoopback } from '../support/loopback.ts';

/**
 * `refused`: the connection breaks before the server gets anything. `lost answer`: the server does what it is asked
 * and nobody learns of it. `slow`: answers come late.
 */
export type ProxyMode = 'open' | 'refused' | 'error' | 'lost answer' | 'slow';

/** How late a slow answer is (ms). */
const slowness = 40;

export class FaultyProxy {
  mode: ProxyMode = 'open';
  /** What the server got: METHOD PATH, oldest first. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #target: string;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => {
      this.#handle(request, response);
    });
  }

  static async start(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await listenOnLoopback(proxy.#server);
    return proxy;
  }

  /** ADDRESS:PORT. */
  get address(): string {
    return addressOf(this.#server);
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { mode } = this;
    if (mode === 'refused') {
      response.destroy();
      return;
    }
    if (mode === 'error') {
      request.resume();
      response.writeHead(500).end('rpc error making call: no cluster leader');
      return;
    }
    const { method = '', headers, url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const onward = startRequest(new URL(url, this.#target), { method, headers }, (answer) => {
      if (mode === 'lost answer') {
        answer.resume();
        response.destroy();
        return;
      }
      const pass = (): void => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      };
      if (mode === 'slow') setTimeout(pass, slowness);
      else pass();
    });
    onward.once('error', () => response.destroy());
    request.pipe(onward);
  }
}
