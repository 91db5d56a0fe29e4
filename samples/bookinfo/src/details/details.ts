import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { createServer } from '../http/server.ts';
import type { Log } from '../log.ts';

/** Details: the facts about a book. There is one book; it answers to every number. */
export function createDetails(config: Config, log: Log): FastifyInstance {
  const server = createServer(config.version, log);
  server.get('/health', () => ({ status: 'Details is healthy' }));
  server.get('/details', (_request, reply) => reply.code(400).send(badId));
  server.get<{ Params: { id: string } }>('/details/:id', async (request, reply) => {
    const { id } = request.params;
    return /^[+-]?\d+$/.test(id) ? describeBook(Number(id)) : reply.code(400).send(badId);
  });
  return server;
}

const badId = { error: 'please provide numeric product id' };

function describeBook(id: number): Readonly<Record<string, string | number>> {
  return {
    id,
    author: 'William Shakespeare',
    year: 1595,
    type: 'paperback',
    pages: 200,
    publisher: 'PublisherA',
    language: 'English',
    'ISBN-10': '1234567890',
    'ISBN-13': '123-1234567890',
  };
}
