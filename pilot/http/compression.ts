import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** From so many bytes on, an answer that is made anew each time is worth the work; the limit of kube-apiserver. */
const threshold = 128 * 1024;

/**
 * Compresses large answers to GET for those who take that, at level 1 (as kube-apiserver does): lists, above all. It is
 * done beside the event loop. Watches are no answers in this sense, and stay as they are.
 */
export function compressLargeAnswers(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload: unknown, done) => {
    if (!isLargeAnswer(request, reply, payload)) {
      done(null, payload);
      return;
    }
    varyBy(reply, 'Accept-Encoding');
    if (!takesGzip(request.headers['accept-encoding'])) {
      done(null, payload);
      return;
    }
    void reply.header('content-encoding', 'gzip');
    gzip(payload, { level: constants.Z_BEST_SPEED }, done);
  });
}

function isLargeAnswer(
  { method }: FastifyRequest,
  { statusCode }: FastifyReply,
  payload: unknown,
): payload is string {
  if (typeof payload !== 'string' || (method !== 'GET' && method !== 'HEAD')) return false;
  return statusCode === 200 && Buffer.byteLength(payload) > threshold;
}

/** For text that is compressed once and sent many times. */
export function compressWell(bytes: Buffer): Promise<Buffer> {
  return promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });
}

/**
 * Whether a client takes gzip (RFC 9110, 12.5.3): by its name, else by `*`, and not with a weight of 0. Without the
 * header it might take anything, but then it is as likely to be a program that knows nothing of this.
 */
export function takesGzip(acceptEncoding: string | readonly string[] | undefined): boolean {
  const weights = new Map(
    String(acceptEncoding ?? '')
      .toLowerCase()
      .split(',')
      .map((part) => {
        const [coding = '', ...parameters] = part.split(';').map((text) => text.trim());
        const weight = parameters.find((parameter) => parameter.startsWith('q='));
        return [coding, weight === undefined ? 1 : Number(weight.slice(2))] as const;
      }),
  );
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0;
}

/** Adds a request header by which the answer is another one. */
export function varyBy(reply: FastifyReply, name: string): void {
  const given = reply.getHeader('vary');
  void reply.header('vary', given === undefined ? name : `${String(given)}, ${name}`);
}
