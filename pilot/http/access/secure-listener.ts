import { type RequestListener, type ServerOptions } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Closer } from '../../../kit/lifecycle.ts';

/** A certificate with its chain and the key for it, in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Serves the same as the plain listener, over TLS. */
export interface SecureListener extends Closer {
  /** Listens and resolves with the URL. */
  readonly listen: (address: { readonly host: string; readonly port: number }) => Promise<string>;
  /** New connections get the new certificate; those that are open stay. */
  readonly renew: (pair: KeyPair) => void;
  readonly server: Server;
}

/** Throws when the two do not belong together or cannot be read. */
export function checkKeyPair(pair: KeyPair): KeyPair {
  createSecureContext(pair);
  return pair;
}

export function createSecureListener(
  pair: KeyPair,
  handler: RequestListener,
  options: ServerOptions,
): SecureListener {
  const server = createServer({ ...options, ...pair, minVersion: 'TLSv1.2' }, handler);
  return {
    server,
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const { address, family, port: chosen } = server.address() as AddressInfo;
          resolve(`https://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`);
        });
      }),
    renew: (renewed) => {
      server.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' });
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
