import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { EchoServer } from '../support/echo-server.ts';
import { Greeter, GreeterClient } from '../support/greeter.ts';
import {
  type MeshProxy,
  TestMesh,
  destinationRule,
  to,
  versionsOf,
  virtualService,
} from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

describe('long and multiplexed connections through a real Envoy', () => {
  let mesh: TestMesh;
  let proxy: MeshProxy;
  let stream: EchoServer;

  before(async () => {
    mesh = await TestMesh.start();
    [stream] = (await mesh.startService('stream', 'v1', 'v2')) as [EchoServer, EchoServer];
    proxy = await mesh.startProxy('10.9.0.1');
  });

  after(() => mesh.close());

  async function open(url: string): Promise<IncomingMessage> {
    const { host } = new URL(url);
    const request = httpRequest({
      ...{ host: '127.0.0.1', port: proxy.port, path: url, headers: { host } },
    }).end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  it('pass on each piece of a response as it comes', async () => {
    await mesh.use(
      versionsOf('stream', 'v1'),
      virtualService('stream', { route: [to('stream', 'v1')] }),
    );
    let write: (text: string) => void = () => undefined;
    let end: () => void = () => undefined;
    stream.answer = (_request, response) => {
      response.flushHeaders();
      write = (text) => response.write(text);
      end = () => response.end();
    };
    const response = await open('http://stream:9080/');
    const pieces: string[] = [];
    response.on('data', (chunk: Buffer) => pieces.push(chunk.toString()));
    for (const piece of ['one', 'two', 'three']) {
      write(piece);
      await until(piece, () => pieces.includes(piece));
    }
    end();
    await once(response, 'end');
    stream.answer = undefined;
    assert.deepEqual(pieces, ['one', 'two', 'three']);
  });

  it('keep a response whole while the rule that started it goes', async () => {
    const versions = versionsOf('stream', 'v1', 'v2');
    await mesh.use(versions, virtualService('stream', { route: [to('stream', 'v1')] }));
    const size = 3 * 1024 * 1024;
    let finish: () => void = () => undefined;
    stream.answer = (_request, response) => {
      response.write(Buffer.alloc(size / 2));
      finish = () => response.end(Buffer.alloc(size / 2));
    };
    const response = await open('http://stream:9080/');
    await mesh.use(versions, virtualService('stream', { route: [to('stream', 'v2')] }));
    await mesh.use();
    finish();
    let got = 0;
    for await (const chunk of response) got += (chunk as Buffer).length;
    stream.answer = undefined;
    assert.equal(got, size);
  });

  it('carry WebSockets', async () => {
    await mesh.use(
      versionsOf('stream', 'v1'),
      virtualService('stream', { timeout: '5s', route: [to('stream', 'v1')] }),
    );
    stream.server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.write('HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      socket.on('data', (data) => socket.write(data));
      socket.on('end', () => socket.end());
      socket.on('error', () => undefined);
    });
    const request = httpRequest({
      host: '127.0.0.1',
      port: proxy.port,
      path: 'http://stream:9080/socket',
      headers: { host: 'stream:9080', connection: 'Upgrade', upgrade: 'websocket' },
    }).end();
    const [response, socket] = (await once(request, 'upgrade')) as [IncomingMessage, Socket];
    socket.write('ping');
    const [data] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    assert.deepEqual([response.statusCode, data.toString()], [101, 'ping']);
  });

  describe('gRPC', () => {
    let greeters: readonly Greeter[];
    let client: GreeterClient;

    before(async () => {
      greeters = [await Greeter.start('v1'), await Greeter.start('v2')];
      const members = greeters.map(({ port, version }) => ({ port, labels: { version } }));
      await mesh.declare({ name: 'greeter', port: 9000, protocol: 'GRPC', members });
      client = new GreeterClient(`127.0.0.1:${proxy.port}`, {
        'grpc.default_authority': 'greeter.service.consul:9000',
      });
    });

    after(() => {
      client.close();
      for (const greeter of greeters) greeter.close();
    });

    it('is balanced call by call on one connection', async () => {
      await mesh.use(
        destinationRule('greeter', { trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } } }),
      );
      assert.deepEqual(await client.count(10), { v1: 5, v2: 5 });
      assert.deepEqual(greeters[0]?.received, Array(5).fill('greeter.service.consul:9000'));
    });

    it('follows rules', async () => {
      await mesh.use(
        versionsOf('greeter', 'v1', 'v2'),
        virtualService('greeter', {
          match: [{ uri: { prefix: '/test.Greeter/' }, method: { exact: 'POST' } }],
          route: [to('greeter', 'v2')],
        }),
      );
      assert.deepEqual(await client.count(6), { v2: 6 });
    });
  });

  it('can be upgraded to HTTP/2 towards the service', async () => {
    const server = createServer((request, response) => {
      response.end(`HTTP/${request.httpVersion}`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await mesh.declare({ name: 'plain', members: [{ port }] });
      await mesh.use(
        destinationRule('plain', {
          trafficPolicy: { connectionPool: { http: { h2UpgradePolicy: 'UPGRADE' } } },
        }),
      );
      const { status, body } = await proxy.call('http://plain:9080/');
      assert.deepEqual([status, body], [200, 'HTTP/2.0']);
    } finally {
      // The sidecar keeps its connection; without closing it the server would wait for ever.
      await mesh.declare({ name: 'plain', members: [] });
      server.close();
    }
  });
});
