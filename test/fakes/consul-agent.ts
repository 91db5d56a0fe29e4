/**
 * A small Consul agent: what the registrator asks of one, from memory. The real one takes a minute to take in a
 * thousand services. It does no filtering: there is one registrator, and nothing else on it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { addressOf, closeServer, listenOnLoopback } from '../support/loopback.ts';

interface Definition {
  readonly ID: string;
  readonly Name: string;
  readonly Checks?: readonly { readonly CheckID: string; readonly [key: string]: unknown }[];
  readonly [key: string]: unknown;
}

interface Check {
  readonly ServiceID: string;
  readonly [key: string]: unknown;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly index?: number;
}

export class FakeConsulAgent {
  /** `METHOD PATH`, oldest first. */
  readonly requests: string[] = [];
  readonly #services = new Map<string, object>();
  readonly #checks = new Map<string, Check>();
  readonly #server: Server;
  /** Of the last write, as the catalogue counts it. */
  #index = 1;
  #waiting: (() => void)[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  static async start(): Promise<FakeConsulAgent> {
    const agent = new FakeConsulAgent();
    await listenOnLoopback(agent.#server);
    return agent;
  }

  /** ADDRESS:PORT. */
  get address(): string {
    return addressOf(this.#server);
  }

  stop(): Promise<void> {
    return closeServer(this.#server);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    this.requests.push(`${method} ${url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(url, 'http://agent');
    const path = decodeURIComponent(pathname).replace('/v1/', '');
    const reply =
      method === 'PUT'
        ? this.#write(path, Buffer.concat(chunks).toString())
        : await this.#read(path, searchParams);
    const index = reply.index === undefined ? {} : { 'x-consul-index': String(reply.index) };
    response.writeHead(reply.status, { 'content-type': 'application/json', ...index });
    response.end(reply.body === undefined ? '' : JSON.stringify(reply.body));
  }

  async #read(path: string, query: URLSearchParams): Promise<Reply> {
    if (path === 'status/leader') return { status: 200, body: '127.0.0.1:8300' };
    if (path === 'agent/services') {
      return { status: 200, body: Object.fromEntries(this.#services) };
    }
    if (path === 'agent/checks') return { status: 200, body: Object.fromEntries(this.#checks) };
    const [, id] = /^agent\/service\/(.*)$/.exec(path) ?? [];
    if (id !== undefined) {
      const service = this.#services.get(id);
      return service === undefined ? { status: 404 } : { status: 200, body: service };
    }
    if (/^(catalog\/node-services|health\/node)\/fake$/.test(path)) {
      if (query.get('index') === String(this.#index)) await this.#nextWrite();
      return { status: 200, body: [], index: this.#index };
    }
    return { status: 404 };
  }

  #nextWrite(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #write(path: string, body: string): Reply {
    const [, verb = '', id = ''] =
      /^agent\/(service\/register|service\/deregister|check\/update)\/?(.*)$/.exec(path) ?? [];
    switch (verb) {
      case 'service/register':
        this.#register(JSON.parse(body) as Definition);
        break;
      case 'service/deregister':
        this.#services.delete(id);
        for (const [check, { ServiceID }] of this.#checks) {
          if (ServiceID === id) this.#checks.delete(check);
        }
        break;
      case 'check/update':
        this.#checks.set(id, { ...this.#checks.get(id), ...(JSON.parse(body) as Check) });
        break;
      default:
        return { status: 404 };
    }
    this.#index += 1;
    for (const wake of this.#waiting.splice(0)) wake();
    return { status: 200 };
  }

  #register({ Name, Checks = [], ...service }: Definition): void {
    this.#services.set(service.ID, { ...service, Service: Name });
    for (const check of Checks) {
      const text = { Output: '', Notes: '', Status: 'critical' };
      const owner = { Node: 'fake', ServiceID: service.ID };
      this.#checks.set(check.CheckID, { ...text, ...check, ...owner });
    }
  }
}
