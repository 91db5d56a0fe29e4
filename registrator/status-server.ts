/** `/metrics`, `/healthz` and `/readyz` over HTTP. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperationError } from '../kit/errors.ts';
import type { Closer } from '../kit/lifecycle.ts';
import type { Metrics } from './metrics.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface StatusServerOptions {
  readonly address: ListenAddress;
  readonly metrics: Metrics;
  /** Why the process should be restarted; empty when it should not. */
  readonly findFaults: () => readonly string[];
  /** Why it is not in step with Docker and Consul; empty when it is. */
  readonly findDelays: () => readonly string[];
}

/**
 * Starts to listen. Throws OperationError `E_LISTEN` when the address cannot be used. Health and readiness
 * answer 200 or 503, with the reasons as lines.
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const { address } = options;
  const server = createServer((request, response) => {
    const path = request.url?.replace(/\?.*$/, '');
    if (request.method !== 'GET' && request.method !== 'HEAD') reply(response, 405, 'GET only\n');
    else if (path === '/metrics') void sendMetrics(response, options.metrics);
    else if (path === '/healthz') replyState(response, options.findFaults());
    else if (path === '/readyz') replyState(response, options.findDelays());
    else reply(response, 404, 'there are /metrics, /healthz and /readyz\n');
  });
  try {
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    const message = `cannot listen on ${address.host}:${address.port} (-listen)`;
    throw new OperationError('E_LISTEN', message, { cause: error });
  }
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

export interface StatusServer extends Closer {
  readonly port: number;
}

async function sendMetrics(response: ServerResponse, metrics: Metrics): Promise<void> {
  const text = await metrics.format();
  response.writeHead(200, { 'content-type': metrics.contentType });
  response.end(text);
}

function replyState(response: ServerResponse, reasons: readonly string[]): void {
  if (reasons.length === 0) reply(response, 200, 'ok\n');
  else reply(response, 503, reasons.map((reason) => `${reason}\n`).join(''));
}

function reply(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
