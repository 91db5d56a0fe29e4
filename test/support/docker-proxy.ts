/** A proxy in front of a Docker socket: with TLS and client certificates, or one that lets few calls through. */
import {
  createServer,
  request as startRequest,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { pipeline } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { addressOf, closeServer, listenOnLoopback } from './loopback.ts';

export interface DockerProxyOptions {
  /** `METHOD PATH` without the query; what does not match is answered with 403. */
  readonly allowed?: RegExp;
  readonly tls?: TlsOptions;
}

export class DockerProxy {
  /** `METHOD PATH` without the query, of every call, and whether it was let through. */
  readonly calls: { readonly call: string; readonly allowed: boolean }[] = [];
  readonly #server: Server;

  private constructor(socketPath: string, { allowed = /^/, tls }: DockerProxyOptions) {
    const listener: RequestListener = (request, response) => {
      const call = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
      const isAllowed = allowed.test(call);
      this.calls.push({ call, allowed: isAllowed });
      if (!isAllowed) {
        response.writeHead(403).end('Forbidden by administrative rules.');
        return;
      }
      const { method, url: path, headers } = request;
      const forward = startRequest({ socketPath, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        pipeline(answer, response, () => undefined);
      });
      forward.on('error', () => response.destroy());
      response.on('close', () => forward.destroy());
      request.pipe(forward);
    };
    this.#server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  }

  static async start(socketPath: string, options: DockerProxyOptions = {}): Promise<DockerProxy> {
    const proxy = new DockerProxy(socketPath, options);
    await listenOnLoopback(proxy.#server);
    return proxy;
  }

  /** As DOCKER_HOST has it. */
  get dockerHost(): string {
    return `tcp://${addressOf(this.#server)}`;
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }
}
