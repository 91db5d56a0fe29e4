import type { ServerOptions } from 'node:http';
import {
  fastify,
  type FastifyInstance,
  type FastifyRequest,
  type InjectOptions,
  type LightMyRequestResponse,
} from 'fastify';
import type { Closer } from '../../kit/lifecycle.ts';
import { defaultPolicy } from './access/access.ts';
import { recordWrites } from './access/audit.ts';
import { guardRequests } from './access/guard.ts';
import { serveReviews } from './access/review-routes.ts';
import { createSecureListener, type KeyPair } from './access/secure-listener.ts';
import { readBodies } from './body-parsers.ts';
import { serveCore } from './core-routes.ts';
import { compressLargeAnswers } from './compression.ts';
import type { HttpServerDeps } from './deps.ts';
import { serveDiscovery } from './discovery-routes.ts';
import { answerBadUrl, answerUnreadable, handleErrors } from './error-handler.ts';
import { EventEncoder } from './event-encoder.ts';
import { serveDebug, serveHealth } from './health-routes.ts';
import { defaultLimits, type Limits, limitWatches } from './limits.ts';
import { serveMesh } from './mesh-routes.ts';
import { serveObjectReads } from './object-read-routes.ts';
import type { WatchContext } from './object-watch.ts';
import { serveObjectWrites } from './object-write-routes.ts';
import { serveStatus } from './status-routes.ts';
import { serveOpenApi } from './openapi-routes.ts';
import { Streams } from './streams.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** The listener that speaks TLS. */
export interface SecureEntrance {
  /** Such as https://127.0.0.1:8443. */
  readonly url: string;
  /** Takes another certificate for connections to come. */
  readonly renew: (pair: KeyPair) => void;
}

export interface HttpServer extends Closer {
  /** Listens and resolves with the URL, such as http://127.0.0.1:8080. */
  readonly listen: (address: ListenAddress) => Promise<string>;
  /** Serves the same over TLS, beside what `listen` serves. */
  readonly listenSecurely: (address: ListenAddress, pair: KeyPair) => Promise<SecureEntrance>;
  /** Answers a request without a connection, as `fastify.inject` does: for tests and benches. */
  readonly inject: (request: InjectOptions) => Promise<LightMyRequestResponse>;
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

/** Names of objects have up to 253 characters. */
const maxParamLength = 300;

/**
 * Pilot's HTTP server: the Kubernetes-style API for configuration, what agents ask for, health and views of
 * the inside. Called by the composition root; the routes stand in one file per group.
 */
export function createHttpServer(deps: HttpServerDeps): HttpServer {
  const { limits = defaultLimits } = deps;
  const streams = new Streams();
  const encoder = new EventEncoder();
  const app = fastify({
    bodyLimit: limits.body,
    requestTimeout: limits.requestTime,
    http: connectionLimits(limits),
    routerOptions: { maxParamLength },
    forceCloseConnections: true,
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerUnreadable,
  });
  app.server.maxConnections = limits.connections;
  const mayGoOn = register(app, { deps, streams, encoder });
  const ignoreTokens = deps.access?.tokens.subscribe(() => {
    streams.endUnless(mayGoOn);
  });
  const opened: Closer[] = [];
  return {
    listen: (address) => app.listen(address),
    listenSecurely: async (address, pair) => {
      await app.ready();
      const listener = createSecureListener(
        pair,
        (request, response) => {
          app.routing(request, response);
        },
        connectionLimits(limits),
      );
      listener.server.maxConnections = limits.connections;
      listener.server.on('clientError', answerUnreadable);
      opened.push(listener);
      return { url: await listener.listen(address), renew: listener.renew };
    },
    inject: (request) => app.inject(request),
    counters: () => ({
      eventEncodings: encoder.encodings,
      linesSent: streams.sent,
      openStreams: streams.size,
    }),
    close: async () => {
      ignoreTokens?.();
      streams.endAll();
      await Promise.all([app.close(), ...opened.map((listener) => listener.close())]);
    },
  };
}

function connectionLimits(limits: Limits): ServerOptions {
  return {
    maxHeaderSize: limits.headers,
    headersTimeout: limits.headersTime,
    requestTimeout: limits.requestTime,
    connectionsCheckingInterval: limits.checkTime,
  };
}

/** Returns what says whether a request that goes on may do so still. */
function register(
  app: FastifyInstance,
  context: WatchContext,
): (request: FastifyRequest) => boolean {
  const { deps, streams } = context;
  handleErrors(app, deps.log);
  if (deps.audit !== undefined) recordWrites(app, deps.audit, deps.clock);
  const mayGoOn = guardRequests(app, deps.access ?? defaultPolicy);
  limitWatches(app, deps.limits ?? defaultLimits);
  compressLargeAnswers(app);
  readBodies(app);
  serveDiscovery(app);
  serveOpenApi(app);
  serveCore(app);
  serveReviews(app);
  serveObjectReads(app, context);
  serveObjectWrites(app, deps);
  serveStatus(app, deps);
  serveMesh(app, deps, streams);
  serveHealth(app, deps);
  serveDebug(app, deps);
  return mayGoOn;
}
