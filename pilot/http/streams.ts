import type { FastifyReply } from 'fastify';

/** A client that does not read is cut off when so much waits for it (bytes). */
const maxBacklog = 16 * 1024 * 1024;

/** An answer that goes on: one line after the other until either side ends it. */
export interface LineStream {
  readonly send: (line: string) => void;
  readonly end: () => void;
  /** Calls `action` once when the stream has ended, whoever ended it. */
  readonly onEnd: (action: () => void) => void;
}

/** All open streams of the server, so that it can end them when it stops. */
export class Streams {
  readonly #open = new Set<LineStream>();

  /** Takes the reply over and sends its headers at once. */
  start(reply: FastifyReply, contentType: string): LineStream {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
    raw.flushHeaders();
    const stream: LineStream = {
      send: (line) => {
        raw.write(`${line}\n`);
        if (raw.writableLength > maxBacklog) raw.destroy();
      },
      end: () => {
        raw.end();
      },
      onEnd: (action) => {
        raw.once('close', action);
      },
    };
    this.#open.add(stream);
    stream.onEnd(() => this.#open.delete(stream));
    return stream;
  }

  /** Ends all streams as if they were complete: watchers come back to another server. */
  endAll(): void {
    for (const stream of this.#open) stream.end();
  }
}
