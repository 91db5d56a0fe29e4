import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { describeError, OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import type { Watched } from '../../kit/watched.ts';
import type { NameTable } from '../contract/name-table.ts';
import { judgeQuery } from './answer.ts';
import { encodeServerFailure } from './message.ts';
import { frameMessage, readMessages } from './tcp-messages.ts';
import type { Upstream } from './upstream.ts';

const maxTcpConnections = 256;
/** An idle TCP connection is closed after so long (ms). */
const tcpIdle = 10_000;

/**
 * The resolver of the workload: mesh names from pilot's table, everything else from the resolver it would
 * have asked without the mesh. Until the first table arrives every name is one of the others, so that a
 * workload whose pilot is down still finds its neighbours.
 */
export class DnsServer implements Closer {
  readonly #table: Watched<NameTable>;
  readonly #upstream: Upstream;
  readonly #log: Log;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  #failing = false;
  #closed = false;

  constructor(table: Watched<NameTable>, upstream: Upstream, log: Log) {
    this.#table = table;
    this.#upstream = upstream;
    this.#log = log;
    this.#udp = createSocket('udp4');
    this.#tcp = createServer();
    this.#tcp.maxConnections = maxTcpConnections;
  }

  /**
   * Listens on loopback, where redirected queries arrive, over UDP and TCP. Throws OperationError
   * `E_DNS_LISTEN`.
   */
  async listen(port: number): Promise<void> {
    this.#udp.on('message', (query, sender) => {
      void this.#serveUdp(query, sender);
    });
    this.#tcp.on('connection', (socket) => {
      this.#serveTcp(socket);
    });
    try {
      this.#udp.bind(port, '127.0.0.1');
      await once(this.#udp, 'listening');
      this.#tcp.listen(port, '127.0.0.1');
      await once(this.#tcp, 'listening');
    } catch (cause) {
      throw new OperationError('E_DNS_LISTEN', `cannot serve DNS on 127.0.0.1:${port}`, { cause });
    }
    this.#udp.on('error', (error) => {
      this.#log.warn({ error: error.message }, 'DNS socket');
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#udp.close();
    for (const socket of this.#connections) socket.destroy();
    if (!this.#tcp.listening) return;
    const closed = once(this.#tcp, 'close');
    this.#tcp.close();
    await closed;
  }

  async #serveUdp(query: Buffer, sender: RemoteInfo): Promise<void> {
    const reply = await this.#reply(query, 'udp');
    if (reply === undefined || this.#closed) return;
    // The failure of one reply, such as to a program that is gone, is nobody's business.
    this.#udp.send(reply, sender.port, sender.address, () => undefined);
  }

  #serveTcp(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(tcpIdle, () => socket.destroy());
    readMessages(socket, (query) => {
      void this.#reply(query, 'tcp').then((reply) => {
        if (reply !== undefined && socket.writable) socket.write(frameMessage(reply));
      });
    });
  }

  async #reply(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const verdict = judgeQuery(query, this.#table.current()?.names ?? {}, transport);
    if (verdict.kind === 'reply') return verdict.packet;
    if (verdict.kind === 'drop') return undefined;
    try {
      const reply = await this.#upstream[transport](query);
      this.#failing = false;
      return reply;
    } catch (error) {
      this.#reportOnce(error);
      return encodeServerFailure(query);
    }
  }

  /** One line when the name servers begin to fail: the workload may ask a hundred times a second. */
  #reportOnce(error: unknown): void {
    if (!this.#failing) this.#log.warn({ error: describeError(error) }, 'cannot resolve names');
    this.#failing = true;
  }
}
