import type { FastifyInstance, FastifyRequest } from 'fastify';
import { methodNotAllowed, notFound } from './api-error.ts';
import { readFlag } from './object-request.ts';

/** What clients ask of a cluster and never find here: events. */
export function serveCore(app: FastifyInstance): void {
  for (const path of ['/api/v1/events', '/api/v1/namespaces/:namespace/events']) {
    app.get(path, listEvents);
  }
  app.get('/api/v1/namespaces/:namespace/events/:name', (request) => {
    const { name } = request.params as { readonly name: string };
    throw notFound({ plural: 'events', kind: 'Event', group: '', name });
  });
}

/** A list alone: discovery says that events cannot be watched, and kubectl tries all the same. */
function listEvents(request: FastifyRequest): object {
  if (readFlag(request, 'watch')) throw methodNotAllowed();
  return {
    kind: 'EventList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '0' },
    items: [],
  };
}
