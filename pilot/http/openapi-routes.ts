import type { FastifyInstance } from 'fastify';
import { kinds } from '../api/kinds.ts';
import { noSuchPath } from './api-error.ts';
import { FixedText } from './fixed-text.ts';
import { buildOpenApi } from './openapi.ts';

/** Schemas, for `kubectl explain` and for clients that ask who validates. */
export function serveOpenApi(app: FastifyInstance): void {
  const documents = new Map(
    buildOpenApi(kinds).map(({ path, text }) => [path, new FixedText(text)]),
  );
  const paths = [...documents].map(([path, { hash }]) => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
  ]);
  const index = new FixedText(JSON.stringify({ paths: Object.fromEntries(paths) as object }));
  app.get('/openapi/v3', (request, reply) => index.answer(request, reply));
  app.get<{ Params: { '*': string } }>('/openapi/v3/*', (request, reply) => {
    const document = documents.get(request.params['*']);
    if (document === undefined) throw noSuchPath();
    // The hash is in the URL: another content has another one.
    void reply.header('cache-control', 'public, immutable, max-age=31536000');
    return document.answer(request, reply);
  });
  // Clients read version 2 as protobuf only; no bytes are a valid, empty document.
  const empty = new FixedText('', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf');
  app.get('/openapi/v2', (request, reply) => empty.answer(request, reply));
}
