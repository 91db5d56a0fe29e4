import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { compressWell, takesGzip, varyBy } from './compression.ts';

/**
 * An answer that stays the same while the server runs. Each of its forms, plain and compressed, is made once, and all
 * answers share the bytes.
 */
export class FixedText {
  /** Names the content. */
  readonly hash: string;
  readonly #type: string;
  readonly #plain: Buffer;
  #compressed: Promise<Buffer> | undefined;

  constructor(text: string, type = 'application/json; charset=utf-8') {
    this.#plain = Buffer.from(text);
    this.#type = type;
    this.hash = createHash('sha256').update(this.#plain).digest('hex').slice(0, 32);
  }

  /** 304 without a body for a client that has these bytes already. */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    varyBy(reply, 'Accept-Encoding');
    const bytes = await this.#bytesFor(request);
    // A strong validator names bytes, so each form has one of its own (RFC 9110, 8.8.3.3).
    const etag = bytes === this.#plain ? `"${this.hash}"` : `"${this.hash}-gzip"`;
    void reply.header('etag', etag);
    if (names(request.headers['if-none-match'], etag)) return reply.code(304).send();
    if (bytes !== this.#plain) void reply.header('content-encoding', 'gzip');
    return reply.type(this.#type).send(bytes);
  }

  /** Compressed only where that makes it shorter. */
  async #bytesFor({ headers }: FastifyRequest): Promise<Buffer> {
    if (!takesGzip(headers['accept-encoding'])) return this.#plain;
    this.#compressed ??= compressWell(this.#plain);
    const compressed = await this.#compressed;
    return compressed.length < this.#plain.length ? compressed : this.#plain;
  }
}

/** Whether If-None-Match names the entity tag; strength does not matter there (RFC 9110, 13.1.2). */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
