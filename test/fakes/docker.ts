/**
 * A small Docker Engine: the four calls that the registrator makes, over a real HTTP server on a unix socket
 * or on loopback. Tests change its containers and emit its events.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InspectReply } from '../../registrator/docker/container.ts';
import type { EngineAddress } from '../../registrator/docker/engine.ts';

/** How a request goes wrong. */
export type Failure = 'status 500' | 'truncated' | 'no answer' | 'reset';

export class FakeEngine {
  id = 'FAKE:ENGI:NEID';
  hostname = 'fakehost';
  /** `GET path`, oldest first. */
  readonly requests: string[] = [];
  readonly #containers = new Map<string, InspectReply>();
  readonly #streams = new Set<ServerResponse>();
  readonly #failures = new Map<string, Failure>();
  #held: { readonly part: string; readonly answers: (() => void)[] } | undefined;
  #server: Server | undefined;
  #folder: string | undefined;
  #address: EngineAddress | undefined;

  static async start(over: 'socket' | 'tcp' = 'socket'): Promise<FakeEngine> {
    const engine = new FakeEngine();
    if (over === 'socket') {
      engine.#folder = await mkdtemp(join(tmpdir(), 'composemesh-docker-'));
      engine.#address = { kind: 'socket', path: join(engine.#folder, 'docker.sock') };
    }
    await engine.resume();
    return engine;
  }

  get address(): EngineAddress {
    if (this.#address === undefined) throw new Error('the fake Engine is not started');
    return this.#address;
  }

  get dockerHost(): string {
    const { address } = this;
    return address.kind === 'socket'
      ? `unix://${address.path}`
      : `tcp://${address.host}:${address.port}`;
  }

  /** Number of open event streams. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Adds or replaces a container, without an event. */
  set(container: InspectReply): void {
    this.#containers.set(container.Id, container);
  }

  /** Removes a container, without an event. */
  remove(id: string): void {
    this.#containers.delete(id);
  }

  /** Sends a container event, after setting the container if one is given. */
  emit(action: string, container: InspectReply, attributes: Record<string, string> = {}): void {
    this.set(container);
    this.send({
      Type: 'container',
      Action: action,
      timeNano: Date.now() * 1e6,
      Actor: { ID: container.Id, Attributes: { ...container.Config?.Labels, ...attributes } },
    });
  }

  /** Sends any event, in two pieces: a reader must not rely on chunks being lines. */
  send(event: object): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const stream of this.#streams) {
      stream.write(line.slice(0, 10));
      stream.write(line.slice(10));
    }
  }

  /** Lets requests whose path contains `part` go wrong until `repair`. */
  break(part: string, failure: Failure): void {
    this.#failures.set(part, failure);
  }

  /** Delays answers to requests whose path contains `part` until `release`; they are made up at once. */
  hold(part: string): void {
    this.#held = { part, answers: [] };
  }

  release(): void {
    const answers = this.#held?.answers ?? [];
    this.#held = undefined;
    for (const answer of answers) answer();
  }

  repair(): void {
    this.#failures.clear();
  }

  /** Ends the event streams, as an Engine does that restarts. */
  dropStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Stops answering, without forgetting anything. */
  async halt(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /** Answers (again). */
  async resume(): Promise<void> {
    const server = createServer((request, response) => {
      this.#answer(request, response);
    });
    this.#server = server;
    if (this.#address === undefined) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      this.#address = { kind: 'tcp', host: '127.0.0.1', port };
      return;
    }
    if (this.#address.kind === 'socket') server.listen(this.#address.path);
    else server.listen(this.#address.port, this.#address.host);
    await once(server, 'listening');
  }

  async stop(): Promise<void> {
    await this.halt();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(`${request.method ?? ''} ${path}`);
    const failure = [...this.#failures].find(([part]) => path.includes(part))?.[1];
    if (failure !== undefined) {
      fail(response, failure);
    } else if (path === '/info') {
      reply(response, 200, { ID: this.id, Name: this.hostname });
    } else if (path.startsWith('/events')) {
      this.#openStream(response);
    } else if (path.startsWith('/containers/json')) {
      reply(
        response,
        200,
        [...this.#containers.values()].map(({ Id }) => ({ Id })),
      );
    } else {
      const id = /^\/containers\/([^/]+)\/json/.exec(path)?.[1] ?? '';
      const container = this.#containers.get(id);
      const answer = (): void => {
        if (container === undefined) reply(response, 404, { message: `No such container: ${id}` });
        else reply(response, 200, container);
      };
      if (this.#held !== undefined && path.includes(this.#held.part)) {
        this.#held.answers.push(answer);
      } else answer();
    }
  }

  #openStream(response: ServerResponse): void {
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function fail(response: ServerResponse, failure: Failure): void {
  switch (failure) {
    case 'status 500':
      reply(response, 500, { message: 'the Engine is unwell' });
      return;
    case 'truncated':
      response.writeHead(200, { 'content-length': 1000 });
      response.write('{"Id":', () => response.destroy());
      return;
    case 'reset':
      response.destroy();
      return;
    case 'no answer':
      return;
  }
}
