import { fastify, type FastifyInstance } from 'fastify';
import type { Closer } from '../../kit/lifecycle.ts';
import { readBodies } from './body-parsers.ts';
import { serveCore } from './core-routes.ts';
import type { HttpServerDeps } from './deps.ts';
import { serveDiscovery } from './discovery-routes.ts';
import { handleErrors } from './error-handler.ts';
import { EventEncoder } from './event-encoder.ts';
import { serveDebug, serveHealth } from './health-routes.ts';
import { serveMesh } from './mesh-routes.ts';
import { serveNamespaces } from './namespace-routes.ts';
import { serveObjectReads } from './object-read-routes.ts';
import type { WatchContext } from './object-watch.ts';
import { serveObjectWrites } from './object-write-routes.ts';
import { serveOpenApi } from './openapi-routes.ts';
import { Streams } from './streams.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface HttpServer extends Closer {
  /** Listens and resolves with the URL, such as http://127.0.0.1:8080. */
  readonly listen: (address: ListenAddress) => Promise<string>;
  readonly counters: () => HttpCounters;
  /** Ends open watches as complete, then stops. */
  readonly close: () => Promise<void>;
}

/** What the server has done since it started. */
export interface HttpCounters {
  /** How often a change was encoded for those who watch; once for each form, however many watch. */
  readonly eventEncodings: number;
  /** Lines sent over watches. */
  readonly linesSent: number;
  readonly openStreams: number;
}

/** Larger objects are refused: the same limit as Kubernetes' own for a request. */
const bodyLimit = 3 * 1024 * 1024;

/** Names of objects have up to 253 characters. */
const maxParamLength = 300;

/**
 * Pilot's HTTP server: the Kubernetes-style API for configuration, what agents ask for, health and views of
 * the inside. Called by the composition root; the routes stand in one file per group.
 */
export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const streams = new Streams();
  const encoder = new EventEncoder();
  const app = fastify({
    bodyLimit,
    routerOptions: { maxParamLength },
    forceCloseConnections: true,
  });
  register(app, { deps, streams, encoder });
  return {
    listen: (address) => app.listen(address),
    counters: () => ({
      eventEncodings: encoder.encodings,
      linesSent: streams.sent,
      openStreams: streams.size,
    }),
    close: async () => {
      streams.endAll();
      await app.close();
    },
  };
}

function register(app: FastifyInstance, context: WatchContext): void {
  const { deps, streams } = context;
  handleErrors(app, deps.log);
  readBodies(app);
  serveDiscovery(app);
  serveOpenApi(app);
  serveNamespaces(app, deps);
  serveCore(app);
  serveObjectReads(app, context);
  serveObjectWrites(app, deps);
  serveMesh(app, deps, streams);
  serveHealth(app, deps);
  serveDebug(app, deps);
}
