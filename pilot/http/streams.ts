import type { FastifyReply, FastifyRequest } from 'fastify';

/** A client that does not read is cut off when so much waits for it (bytes). */
const maxBacklog = 16 * 1024 * 1024;

/** An answer that goes on: one line after the other until either side ends it. */
export interface LineStream {
  readonly send: (line: string) => void;
  /** The same for a line with its end that has been encoded already; the bytes must not change any more. */
  readonly sendBytes: (line: Buffer) => void;
  readonly end: () => void;
  /** Calls `action` once when the stream has ended, whoever ended it. */
  readonly onEnd: (action: () => void) => void;
}

/** All open streams of the server, so that it can end them when it stops. */
export class Streams {
  readonly #open = new Map<LineStream, FastifyRequest>();
  #sent = 0;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** How many lines have been sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Takes the reply over and sends its headers at once. */
  start(reply: FastifyReply, contentType: string): LineStream {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
    raw.flushHeaders();
    const write = (line: string | Buffer): void => {
      raw.write(line);
      this.#sent += 1;
      if (raw.writableLength > maxBacklog) raw.destroy();
    };
    const stream: LineStream = {
      send: (line) => {
        write(`${line}\n`);
      },
      sendBytes: write,
      end: () => {
        raw.end();
      },
      onEnd: (action) => {
        raw.once('close', action);
      },
    };
    this.#open.set(stream, reply.request);
    stream.onEnd(() => this.#open.delete(stream));
    return stream;
  }

  /** Ends all streams as if they were complete: watchers come back to another server. */
  endAll(): void {
    for (const stream of this.#open.keys()) stream.end();
  }

  /** Ends those whose request may not go on. Kubernetes looks at a token only when a watch begins. */
  endUnless(mayGoOn: (request: FastifyRequest) => boolean): void {
    for (const [stream, request] of this.#open) {
      if (!mayGoOn(request)) stream.end();
    }
  }
}
