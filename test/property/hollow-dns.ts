import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Closer } from '../../kit/lifecycle.ts';

/** A DNS server that knows no name, so that Envoys in a test ask nobody else and wait for nobody. */
export class HollowDns implements Closer {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async start(): Promise<HollowDns> {
    const socket = createSocket('udp4');
    socket.on('message', (query, { port, address }) => {
      socket.send(refuse(query), port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new HollowDns(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  close(): void {
    this.#socket.close();
  }
}

/** NXDOMAIN: the query again with the flags of an answer (RFC 1035 §4.1.1), and none of its extra records. */
function refuse(query: Buffer): Buffer {
  const answer = Buffer.from(query.subarray(0, endOfQuestion(query)));
  answer.writeUInt16BE(0x8183, 2);
  answer.fill(0, 6, 12);
  return answer;
}

function endOfQuestion(query: Buffer): number {
  let at = 12;
  while (at < query.length && query.readUInt8(at) !== 0) at += query.readUInt8(at) + 1;
  return at + 5;
}
