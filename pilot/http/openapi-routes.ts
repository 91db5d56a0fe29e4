import type { FastifyInstance } from 'fastify';
import { kinds } from '../api/kinds.ts';
import { noSuchPath } from './api-error.ts';
import { buildOpenApi } from './openapi.ts';

/** Schemas, for `kubectl explain` and for clients that ask who validates. */
export function serveOpenApi(app: FastifyInstance): void {
  const documents = buildOpenApi(kinds);
  const paths = Object.fromEntries(
    documents.map(({ path, hash }) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
    ]),
  );
  app.get('/openapi/v3', () => ({ paths }));
  app.get<{ Params: { '*': string } }>('/openapi/v3/*', ({ params, headers }, reply) => {
    const document = documents.find(({ path }) => path === params['*']);
    if (document === undefined) throw noSuchPath();
    const etag = `"${document.hash}"`;
    void reply.header('cache-control', 'public, immutable, max-age=31536000').header('etag', etag);
    if (headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type('application/json').send(document.text);
  });
  // Clients read version 2 as protobuf only; no bytes are a valid, empty document.
  app.get('/openapi/v2', (_request, reply) =>
    reply.type('application/com.github.proto-openapi.spec.v2@v1.0+protobuf').send(Buffer.alloc(0)),
  );
}
