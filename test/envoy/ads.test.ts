import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { AdsServer } from '../../pilot/ads/server.ts';
import { ClusterSchema } from '../../pilot/proto/messages.ts';
import { encode } from '../../pilot/proto/writer.ts';
import { createResource } from '../../pilot/xds/bundle.ts';
import type { EncodedResource, Snapshot } from '../../pilot/xds/resource.ts';
import { FixedSource } from '../feature/fixed-source.ts';
import { edsCluster, endpoints, httpListener, routes, snapshotOf } from '../feature/xds-fixture.ts';
import { freePort } from '../support/ports.ts';
import { RealEnvoy } from '../support/real-envoy.ts';
import { until } from '../support/until.ts';

const host = 'service.test';

/** Answers every request with its name. */
async function startBackend(name: string): Promise<{ port: number; server: Server }> {
  const server = createServer((_, response) => response.end(name));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, server };
}

/** One request through the listener: the name of the backend, or what went wrong. */
function call(port: number): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request({ port, host: '127.0.0.1', headers: { host } }, (response) => {
      let body = '';
      response.on('data', (bytes: Buffer) => (body += bytes.toString()));
      response.on('end', () => {
        resolve(response.statusCode === 200 ? body : `status ${response.statusCode ?? 0}`);
      });
    });
    outgoing.on('error', (error) => {
      resolve(error.message);
    });
    outgoing.end();
  });
}

describe('a real Envoy on our ADS server', () => {
  const lifecycle = new Lifecycle();
  const source = new FixedSource();
  let server: AdsServer;
  let address: string;
  let envoy: RealEnvoy;
  let port: number;
  const ports = { one: 0, two: 0 };

  /** A listener whose only host goes to `cluster`. */
  const serve = (
    clusters: readonly EncodedResource[],
    assignments: readonly EncodedResource[],
    cluster: string,
    revision = 0,
  ): Snapshot =>
    snapshotOf({
      cluster: clusters,
      endpoint: assignments,
      listener: [httpListener('http', port, 'http')],
      route: [routes('http', [cluster], revision, host)],
    });
  const untilAnswer = (wanted: string): Promise<true> =>
    until(`an answer of ${wanted}`, async () => (await call(port)) === wanted);

  before(async () => {
    for (const name of ['one', 'two'] as const) {
      const backend = await startBackend(name);
      ports[name] = backend.port;
      lifecycle.add({
        close: () => {
          backend.server.closeAllConnections();
          backend.server.close();
        },
      });
    }
    port = await freePort();
    server = new AdsServer({ source, log: createLog('test', 'silent') });
    lifecycle.add({ close: () => server.close() });
    address = await server.listen(`127.0.0.1:${await freePort()}`);
    source.set(serve([edsCluster('a')], [endpoints('a', ports.one)], 'a'));
    envoy = lifecycle.add(await RealEnvoy.start({ pilot: address, address: '127.0.0.1' }));
  });
  after(() => lifecycle.close());

  it('takes a snapshot without a rejection, and traffic flows', async () => {
    await untilAnswer('one');
    await server.whenSynced();
    const rejected = await envoy.stats('update_rejected$');
    const { clusters, listeners } = await envoy.running();
    assert.deepEqual(
      {
        rejections: [...rejected].filter(([, count]) => count > 0),
        types: Object.values(server.counters().types).map(({ rejections }) => rejections),
        running: { clusters, listeners },
      },
      {
        rejections: [],
        types: [0, 0, 0, 0],
        running: { clusters: ['a'], listeners: ['http'] },
      },
    );
  });

  it('gets one resource for one changed endpoint', async () => {
    const sent = (): number[] => Object.values(server.counters().types).map((one) => one.resources);
    const earlier = sent();
    source.set(serve([edsCluster('a')], [endpoints('a', ports.two)], 'a'));
    await server.whenSynced();
    await untilAnswer('two');
    assert.deepEqual(
      sent().map((count, index) => count - (earlier[index] ?? 0)),
      [0, 1, 0, 0],
    );
  });

  it('moves traffic to another cluster and back under load without a failed request', async () => {
    const answers: string[] = [];
    const load = new AbortController();
    const callers = Array.from({ length: 4 }, async () => {
      while (!load.signal.aborted) answers.push(await call(port));
    });
    for (let revision = 1; revision <= 20; revision += 1) {
      const [name, backend] = revision % 2 === 1 ? ['b', ports.one] : ['a', ports.two];
      source.set(serve([edsCluster(name, revision)], [endpoints(name, backend)], name, revision));
      await server.whenSynced();
    }
    load.abort();
    await Promise.all(callers);
    const { clusters } = await envoy.running();
    assert.deepEqual(
      { answers: [...new Set(answers)].sort(), clusters },
      { answers: ['one', 'two'], clusters: ['a'] },
    );
  });

  it('says why it rejects a resource, and is not sent it again', async () => {
    const bad = createResource('bad', encode(ClusterSchema, { name: 'bad', connectTimeout: {} }));
    const good = (backend: number): Snapshot =>
      serve([edsCluster('a', 20), bad], [endpoints('a', backend)], 'a', 20);
    source.set(good(ports.two));
    await server.whenSynced();
    const pushes = server.counters().types.cluster.pushes;
    source.set(good(ports.one));
    await server.whenSynced();
    await untilAnswer('one');
    const rejection = server.status()[0]?.types.cluster?.rejection;
    assert.deepEqual(
      {
        names: rejection?.names,
        text: rejection?.text.includes('value must be greater than'),
        again: server.counters().types.cluster.pushes - pushes,
      },
      { names: ['bad'], text: true, again: 0 },
    );
  });

  it('keeps traffic while the server is away, and takes changes when it is back', async () => {
    await server.close();
    assert.equal(await call(port), 'one');
    server = new AdsServer({ source, log: createLog('test', 'silent') });
    await server.listen(address);
    source.set(serve([edsCluster('a', 21)], [endpoints('a', ports.two)], 'a', 21));
    await untilAnswer('two');
    await server.whenSynced();
    assert.equal(server.status()[0]?.synced, true);
  });
});
