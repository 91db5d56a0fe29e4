import type { FastifyInstance } from 'fastify';

/** What clients ask of a cluster and never find here: events. */
export function serveCore(app: FastifyInstance): void {
  const events = {
    kind: 'EventList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '0' },
    items: [],
  };
  app.get('/api/v1/events', () => events);
  app.get('/api/v1/namespaces/:namespace/events', () => events);
}
