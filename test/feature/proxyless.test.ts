import assert from 'node:assert/strict';
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { createLog } from '../../kit/log.ts';
import { AdsServer } from '../../pilot/ads/server.ts';
import { HttpConnectionManagerSchema, RouterSchema } from '../../pilot/proto/extensions.ts';
import { ListenerSchema } from '../../pilot/proto/messages.ts';
import { encode, packAny } from '../../pilot/proto/writer.ts';
import { createResource } from '../../pilot/xds/bundle.ts';
import type { EncodedResource } from '../../pilot/xds/resource.ts';
import { FixedSource } from './fixed-source.ts';
import { ads, edsCluster, endpoints, routes, snapshotOf } from './xds-fixture.ts';

const echo = {
  path: '/test.Echo/Echo',
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
} as const;

/** A listener as gRPC clients ask for it: by the name of the service, with an API listener. */
function apiListener(name: string, routeName: string): EncodedResource {
  const manager = packAny(HttpConnectionManagerSchema, {
    routeSpecifier: { case: 'rds', value: { configSource: ads, routeConfigName: routeName } },
    httpFilters: [
      { name: 'router', configType: { case: 'typedConfig', value: packAny(RouterSchema, {}) } },
    ],
  });
  return createResource(
    name,
    encode(ListenerSchema, { name, apiListener: { apiListener: manager } }),
  );
}

async function startEcho(lifecycle: Lifecycle): Promise<number> {
  const server = new Server();
  server.addService(
    { Echo: echo },
    {
      Echo: (call: { request: Buffer }, done: (e: null, r: Buffer) => void) => {
        done(null, call.request);
      },
    },
  );
  lifecycle.add({
    close: () => {
      server.forceShutdown();
    },
  });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}

function call(client: Client, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 20_000;
    const { path, requestSerialize, responseDeserialize } = echo;
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.from(text),
      { deadline } as never,
      (error, reply) => {
        if (error === null) resolve(reply?.toString() ?? '');
        else reject(error);
      },
    );
  });
}

describe('a gRPC client without a sidecar', () => {
  const lifecycle = new Lifecycle();
  after(() => lifecycle.close());

  it('gets its configuration as the state of the world', async () => {
    const source = new FixedSource();
    const server = lifecycle.add(new AdsServer({ source, log: createLog('test', 'silent') }));
    const address = await server.listen('127.0.0.1:0');
    const port = await startEcho(lifecycle);
    source.set(
      snapshotOf({
        cluster: [edsCluster('echo-cluster')],
        endpoint: [endpoints('echo-cluster', port)],
        listener: [apiListener('echo', 'echo-routes')],
        route: [routes('echo-routes', ['echo-cluster'], 0, 'echo')],
      }),
    );
    process.env['GRPC_XDS_BOOTSTRAP_CONFIG'] = JSON.stringify({
      xds_servers: [
        { server_uri: address, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
      ],
      node: { id: 'sidecar~127.0.0.1~echo-client.default~test', locality: {} },
    });
    const { register } = await import('@grpc/grpc-js-xds');
    register();
    const client = new Client('xds:///echo', credentials.createInsecure());
    lifecycle.add({
      close: () => {
        client.close();
      },
    });
    assert.equal(await call(client, 'hello'), 'hello');
    await server.whenSynced();
    assert.deepEqual(
      Object.values(server.counters().types).map(({ rejections }) => rejections),
      [0, 0, 0, 0],
    );
  });
});
