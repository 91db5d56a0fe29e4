import type { FastifyInstance } from 'fastify';

/** The few other things that clients ask of a cluster: there are no events, and everybody may do everything. */
export function serveCore(app: FastifyInstance): void {
  const events = {
    kind: 'EventList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '0' },
    items: [],
  };
  app.get('/api/v1/events', () => events);
  app.get('/api/v1/namespaces/:namespace/events', () => events);

  app.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', (_request, reply) =>
    reply.code(201).send({
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: {},
      spec: {},
      status: { allowed: true },
    }),
  );
  app.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', (_request, reply) =>
    reply.code(201).send({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: {},
      status: { userInfo: { username: 'anonymous' } },
    }),
  );
}
