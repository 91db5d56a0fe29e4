import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import { judgedOf } from './access/guard.ts';

/** What one client, or all together, may ask of the server. Times in ms, sizes in bytes. */
export interface Limits {
  /** Larger bodies are answered with 413: the same limit as Kubernetes' own for a request. */
  readonly body: number;
  /** Request line and headers together; more is answered with 431. */
  readonly headers: number;
  /** Until the headers are there, and until the whole request is; later is answered with 408. */
  readonly headersTime: number;
  readonly requestTime: number;
  /** Time between looks for requests that are late. */
  readonly checkTime: number;
  /** Connections at one time; more are closed at once. */
  readonly connections: number;
  /** Watches of objects at one time, of all clients and of one address; more are answered with 429. */
  readonly watches: number;
  readonly watchesOfOne: number;
}

export const defaultLimits: Limits = {
  body: 3 * 1024 * 1024,
  headers: 16 * 1024,
  headersTime: 10_000,
  requestTime: 30_000,
  checkTime: 2_000,
  connections: 20_000,
  watches: 5_000,
  watchesOfOne: 1_000,
};

/** Clients are asked to come back after so long (s). */
const retryAfter = '5';

/** Refuses watches beyond the limits, which would hold memory for as long as they like. */
export function limitWatches(app: FastifyInstance, limits: Limits): void {
  const open = new Map<string, number>();
  let all = 0;
  const count = (address: string, change: 1 | -1): void => {
    const left = (open.get(address) ?? 0) + change;
    all += change;
    if (left === 0) open.delete(address);
    else open.set(address, left);
  };
  app.addHook('onRequest', (request, reply, done) => {
    const attributes = judgedOf(request)?.attributes;
    if (attributes?.kind !== 'resource' || attributes.verb !== 'watch') {
      done();
      return;
    }
    const address = request.raw.socket.remoteAddress ?? '';
    if (all >= limits.watches || (open.get(address) ?? 0) >= limits.watchesOfOne) {
      void reply.header('retry-after', retryAfter);
      done(tooManyWatches(limits));
      return;
    }
    count(address, 1);
    reply.raw.once('close', () => {
      count(address, -1);
    });
    done();
  });
}

function tooManyWatches({ watches, watchesOfOne }: Limits): ApiError {
  return new ApiError(
    429,
    'TooManyRequests',
    `too many watches are open: at most ${watchesOfOne} from one address and ${watches} in all; close some`,
  );
}
