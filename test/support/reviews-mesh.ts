import type { ServerResponse } from 'node:http';
import type { Json } from '../../pilot/api/resource.ts';
import type { EchoServer } from './echo-server.ts';
import { destinationRule, type MeshProxy, TestMesh } from './test-mesh.ts';

/** A service of three versions, and one proxy that calls it. */
export interface ReviewsMesh {
  readonly mesh: TestMesh;
  readonly proxy: MeshProxy;
  readonly v1: EchoServer;
  readonly v2: EchoServer;
  readonly v3: EchoServer;
}

export const reviewsUrl = 'http://reviews:9080/';

/** Calls each member in turn, so that which one comes next is not left to chance. */
export const inTurn = { loadBalancer: { simple: 'ROUND_ROBIN' } };

export function reviewsPolicy(trafficPolicy: Json): ReturnType<typeof destinationRule> {
  return destinationRule('reviews', { trafficPolicy });
}

/** What the backends of a suite are told to do. */
export interface Backends {
  /** Answers that a backend holds back. */
  readonly held: readonly ServerResponse[];
  /** As `answer` of a backend: it takes requests, and says nothing until it is told to. */
  readonly hold: (request: unknown, response: ServerResponse) => void;
}

/** Starts the mesh before the tests of a suite, and lets the backends forget between them. */
export function startReviews(take: (started: ReviewsMesh) => void): Backends {
  const held: ServerResponse[] = [];
  let mesh: TestMesh | undefined;
  let servers: readonly EchoServer[] = [];

  before(async () => {
    mesh = await TestMesh.start();
    servers = await mesh.startService('reviews', 'v1', 'v2', 'v3');
    const [v1, v2, v3] = servers as [EchoServer, EchoServer, EchoServer];
    take({ mesh, proxy: await mesh.startProxy('10.9.0.1'), v1, v2, v3 });
  });

  beforeEach(() => {
    for (const server of servers) {
      server.answer = undefined;
      server.received.length = 0;
    }
  });

  afterEach(() => {
    for (const response of held.splice(0)) response.destroy();
  });

  after(() => mesh?.close());

  const hold: Backends['hold'] = (_request, response) => {
    held.push(response);
  };
  return { held, hold };
}
