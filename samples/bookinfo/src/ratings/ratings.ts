import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { createServer } from '../http/server.ts';
import type { Log } from '../log.ts';

type Ratings = Readonly<Record<string, number>>;

interface ProductRatings {
  readonly id: number;
  readonly ratings: Ratings;
}

interface ById {
  Params: { id: string };
}

const badId = { error: 'please provide numeric product ID' };
const badRatings = { error: 'please provide valid ratings JSON' };

/** Ratings: stars by reviewer, kept in memory; what is posted is gone with the process. */
export function createRatings(config: Config, log: Log): FastifyInstance {
  const posted = new Map<number, ProductRatings>();
  const server = createServer(config.version, log);
  // The body is JSON whatever its content type says: curl -d calls it a form.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });
  server.get('/health', () => ({ status: 'Ratings is healthy' }));
  server.get<ById>('/ratings/:id', async (request, reply) => {
    const id = parseId(request.params.id);
    if (id === undefined) return reply.code(400).send(badId);
    return posted.get(id) ?? { id, ratings: { Reviewer1: 5, Reviewer2: 4 } };
  });
  server.post<ById>('/ratings/:id', async (request, reply) => {
    const id = parseId(request.params.id);
    if (id === undefined) return reply.code(400).send(badId);
    const ratings = parseRatings(request.body);
    if (ratings === undefined) return reply.code(400).send(badRatings);
    posted.set(id, { id, ratings });
    return { id, ratings };
  });
  return server;
}

function parseId(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function parseRatings(body: unknown): Ratings | undefined {
  if (typeof body !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return isRatings(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRatings(value: unknown): value is Ratings {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((stars) => typeof stars === 'number');
}
