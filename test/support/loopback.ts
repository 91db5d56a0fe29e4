/** Small servers of tests: on a free port of loopback, and gone at once when they are closed. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

type AnyServer = Server | SecureServer;

export async function listenOnLoopback(server: AnyServer): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** ADDRESS:PORT. */
export function addressOf(server: AnyServer): string {
  return `127.0.0.1:${portOf(server)}`;
}

export function portOf(server: AnyServer): number {
  return (server.address() as AddressInfo).port;
}

/** With the connections that are open. */
export async function closeServer(server: AnyServer): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
