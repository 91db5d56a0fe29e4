import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { OperationError } from '../../kit/errors.ts';
import type { Nameserver } from './resolv-conf.ts';
import { frameMessage, readMessages } from './tcp-messages.ts';

/** How long one name server may take (ms): a little more than Docker's resolver gives its own upstream. */
const defaultTimeout = 5000;
/** Queries under way; more are refused, so that a flood does not use up the sockets. */
const maxInFlight = 512;

export interface Upstream {
  /** Sends a query on, byte for byte, over UDP. Throws OperationError `E_DNS_UPSTREAM`. */
  readonly udp: (query: Buffer) => Promise<Buffer>;
  /** The same over TCP. */
  readonly tcp: (query: Buffer) => Promise<Buffer>;
}

type Ask = (query: Buffer, server: Nameserver, timeout: number) => Promise<Buffer>;

/** The name servers of the workload, asked one after the other until one answers. */
export function createUpstream(
  servers: readonly Nameserver[],
  timeout: number = defaultTimeout,
): Upstream {
  let inFlight = 0;
  const askAll = async (query: Buffer, ask: Ask): Promise<Buffer> => {
    if (inFlight >= maxInFlight) {
      throw new OperationError('E_DNS_UPSTREAM', `more than ${maxInFlight} queries under way`);
    }
    inFlight += 1;
    try {
      return await askInTurn(query, ask);
    } finally {
      inFlight -= 1;
    }
  };
  const askInTurn = async (query: Buffer, ask: Ask): Promise<Buffer> => {
    let cause: unknown;
    for (const server of servers) {
      try {
        return await ask(query, server, timeout);
      } catch (error) {
        cause = error;
      }
    }
    throw new OperationError('E_DNS_UPSTREAM', 'no name server answered', { cause });
  };
  return {
    udp: (query) => askAll(query, askUdp),
    tcp: (query) => askAll(query, askTcp),
  };
}

/**
 * Asks over a socket of its own: a new source port for every query, connected, so that nobody but the
 * server can answer (RFC 5452).
 */
function askUdp(query: Buffer, server: Nameserver, timeout: number): Promise<Buffer> {
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const id = query.readUInt16BE(0);
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${server.address} did not answer within ${timeout} ms`));
    }, timeout);
    socket.on('close', () => {
      clearTimeout(timer);
    });
    socket.on('error', reject);
    socket.on('message', (reply) => {
      if (reply.length >= 2 && reply.readUInt16BE(0) === id) resolve(reply);
    });
    socket.connect(server.port, server.address, (error?: Error) => {
      if (error === undefined) socket.send(query);
      else reject(error);
    });
  }).finally(() => {
    socket.close();
  });
}

function askTcp(query: Buffer, server: Nameserver, timeout: number): Promise<Buffer> {
  const socket = connect(server.port, server.address);
  return new Promise<Buffer>((resolve, reject) => {
    socket.setTimeout(timeout, () => {
      reject(new Error(`${server.address} did not answer within ${timeout} ms`));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`${server.address} closed the connection`));
    });
    readMessages(socket, resolve);
    socket.write(frameMessage(query));
  }).finally(() => {
    socket.destroy();
  });
}
