import { fastify, type FastifyInstance } from 'fastify';
import type { Log } from '../log.ts';
import { followConnections } from './silent-connections.ts';

/** A service that accepts requests. */
export interface Running {
  /** Base URL, with the port that was really taken. */
  readonly url: string;
  /**
   * Stops listening at once, answers what is under way, then resolves. Requests that take longer than
   * `limit` (ms) are cut off.
   */
  readonly close: (limit?: number) => Promise<void>;
}

/** Names the version that answered, in every answer of every service. */
export const versionHeader = 'x-bookinfo-version';

/** Docker kills a container 10 s after it asked it to stop. */
const defaultLimit = 8000;

/**
 * Longer than the hour for which Envoy keeps an idle connection by default: the side that sends requests has
 * to be the one that closes, or a request can cross with the end of the connection.
 */
const keepAliveTimeout = 65 * 60 * 1000;

/** An empty service of the given version: its routes are still to be added. Its own mistakes go to `log`. */
export function createServer(version: string, log: Log): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: 16 * 1024,
    keepAliveTimeout,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true },
  });
  let closing = false;
  server.addHook('preClose', () => {
    closing = true;
    return Promise.resolve();
  });
  server.addHook('onSend', (_request, reply) => {
    reply.header(versionHeader, version);
    if (closing) reply.header('connection', 'close');
    return Promise.resolve();
  });
  server.setErrorHandler(async (error, _request, reply) => {
    const status = statusOf(error);
    if (status >= 500) log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    await reply.code(status).send({ error: status < 500 ? 'bad request' : 'internal error' });
  });
  return server;
}

/** Starts listening. Rejects with Node's error when the address is taken or not there. */
export async function listen(
  server: FastifyInstance,
  place: { readonly host: string; readonly port: number },
): Promise<Running> {
  const connections = followConnections(server.server);
  const url = await server.listen({ host: place.host, port: place.port });
  return {
    url,
    close: async (limit = defaultLimit) => {
      connections.closeSilent();
      const cut = setTimeout(() => {
        server.server.closeAllConnections();
      }, limit);
      await server.close();
      clearTimeout(cut);
    },
  };
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}
