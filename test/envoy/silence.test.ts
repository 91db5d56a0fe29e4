import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { configObject } from '../support/config-objects.ts';
import { EchoServer } from '../support/echo-server.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { type MeshProxy, TestMesh, virtualService } from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

const host = 'reviews.service.consul';

/** Connection pools open connections that they use much later; databases wait for their server to speak first. */
describe('a connection that says nothing for a while, through a real Envoy', () => {
  const sockets: Socket[] = [];
  let folder: TemporaryFolder;
  let reviews: EchoServer;
  let greeting: Server;
  let mesh: TestMesh;
  let caller: MeshProxy;
  let workload: MeshProxy;
  let inboundPort: number;
  let toReviews: Socket;
  let intoReviews: Socket;
  let greeted: Promise<unknown[]>;

  before(async () => {
    folder = await makeTemporaryFolder();
    mesh = await TestMesh.start();
    reviews = await EchoServer.start('reviews', 'v1');
    inboundPort = await freePort();
    await mesh.declare({ name: 'reviews', members: [{ port: inboundPort }] });
    greeting = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('greetings');
    }).listen(0, '127.0.0.1');
    await once(greeting, 'listening');
    await mesh.put(undeclared('greeting', (greeting.address() as AddressInfo).port));
    workload = await mesh.startProxy('127.0.0.1', {
      interceptionMode: 'NONE',
      labels: { app: 'reviews' },
      appPorts: { [inboundPort]: reviews.port },
    });
    caller = await mesh.startProxy('127.0.0.2', { socketFolder: folder.path });
    await mesh.use(virtualService('reviews', { directResponse: { status: 418 } }));
    // All of them are silent at the same time.
    toReviews = await connectThrough('reviews');
    intoReviews = connect(inboundPort, '127.0.0.1');
    sockets.push(intoReviews);
    greeted = once(await connectThrough('greeting'), 'data');
  });

  after(async () => {
    for (const socket of sockets) socket.destroy();
    await mesh.close();
    await reviews.close();
    greeting.close();
    await folder.remove();
  });

  /** A connection as the capture hands it over: with the address that its caller was going to. */
  async function connectThrough(service: string): Promise<Socket> {
    const services = (await mesh.debug('services')) as readonly {
      readonly hostname: string;
      readonly address: string;
    }[];
    const found = services.find(({ hostname }) => hostname === `${service}.service.consul`);
    const socket = connect(`${folder.path}/0.0.0.0_9080`);
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(`PROXY TCP4 127.0.0.1 ${found?.address ?? ''} 40000 9080\r\n`);
    return socket;
  }

  /** Envoy has given up waiting for the first bytes. */
  async function untilGivenUp(proxy: MeshProxy): Promise<void> {
    await until('the listener to go on without bytes', async () => {
      const stats = await proxy.envoy.stats('^listener\\..*downstream_pre_cx_timeout$');
      return [...stats.values()].some((count) => count > 0);
    });
  }

  it('is HTTP on the way to a service that declares it, and follows the rules', async () => {
    await untilGivenUp(caller);
    assert.match(await askFor(toReviews), /^HTTP\/1\.1 418 /);
  });

  it('is HTTP at the workload that declares it', async () => {
    await untilGivenUp(workload);
    const answer = await askFor(intoReviews);
    const requests = await workload.envoy.stats('^http\\.inbound_.*downstream_rq_completed$');
    assert.match(answer, /"version":"v1"/);
    assert.deepEqual([...requests.values()], [1]);
  });

  it('is a byte stream where nothing is declared, so that the server may speak first', async () => {
    const [data] = await greeted;
    assert.equal(String(data), 'greetings');
  });
});

function undeclared(name: string, port: number): ReturnType<typeof configObject> {
  return configObject('ServiceEntry', name, {
    spec: {
      hosts: [`${name}.service.consul`],
      ports: [{ number: 9080, name: 'main' }],
      resolution: 'STATIC',
      location: 'MESH_INTERNAL',
      endpoints: [{ address: '127.0.0.1', ports: { main: port } }],
    },
  });
}

async function askFor(socket: Socket): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
