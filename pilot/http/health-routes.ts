import type { FastifyInstance } from 'fastify';
import type { HttpServerDeps } from './deps.ts';

/** Readiness for supervisors, and the views of the inside for people. */
export function serveHealth(app: FastifyInstance, deps: HttpServerDeps): void {
  const sendReadiness = (): { readonly code: number; readonly text: string } =>
    deps.ready() ? { code: 200, text: 'ok' } : { code: 503, text: 'not ready' };
  for (const path of ['/healthz/ready', '/readyz']) {
    app.get(path, (_request, reply) => {
      const { code, text } = sendReadiness();
      return reply.code(code).type('text/plain').send(text);
    });
  }
  for (const path of ['/healthz/live', '/livez']) {
    app.get(path, (_request, reply) => reply.type('text/plain').send('ok'));
  }
}

/** Registers each view under /debug/NAME, and an index of them under /debug. */
export function serveDebug(app: FastifyInstance, { debug }: HttpServerDeps): void {
  app.get('/debug', () => Object.keys(debug).map((name) => `/debug/${name}`));
  for (const [name, view] of Object.entries(debug)) {
    app.get(`/debug/${name}`, async (request, reply) => {
      const value = await view(request.query as Readonly<Record<string, string | undefined>>);
      return reply.type('application/json').send(JSON.stringify(value ?? null, null, 2));
    });
  }
}
