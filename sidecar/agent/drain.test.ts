import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually, findEnvoy, freePort } from '../../test/support/envoy.ts';
import { createEnvoyAdmin, type EnvoyAdmin } from '../envoy/admin.ts';
import { drain, type DrainEnd } from './drain.ts';

/** An address of its own, so that the port can be the real one. */
const address = '127.91.0.6';
const types = 'type.googleapis.com/envoy.extensions.filters.network';

/** An inbound listener: HTTP answered by Envoy where the client speaks first, else TCP to `tcpPort`. */
function inboundListener(tcpPort: number): object {
  const http = {
    '@type': `${types}.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'inbound_0.0.0.0_9080',
    route_config: {
      virtual_hosts: [
        {
          name: 'any',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
        },
      ],
    },
    http_filters: [
      {
        name: 'router',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
        },
      },
    ],
  };
  const tcp = {
    '@type': `${types}.tcp_proxy.v3.TcpProxy`,
    stat_prefix: 'inbound|9000||',
    cluster: `tcp-${tcpPort}`,
  };
  return {
    name: 'virtualInbound',
    traffic_direction: 'INBOUND',
    address: { socket_address: { address, port_value: 15006 } },
    listener_filters: [
      {
        name: 'http_inspector',
        typed_config: {
          '@type':
            'type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
        },
      },
    ],
    filter_chains: [
      {
        filter_chain_match: { application_protocols: ['http/1.1'] },
        filters: [{ name: 'http', typed_config: http }],
      },
      { filters: [{ name: 'tcp', typed_config: tcp }] },
    ],
  };
}

function bootstrap(adminPort: number, tcpPort: number): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: tcpPort } } };
  return {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    static_resources: {
      listeners: [inboundListener(tcpPort)],
      clusters: [
        {
          name: `tcp-${tcpPort}`,
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'tcp',
            endpoints: [{ lb_endpoints: [{ endpoint }] }],
          },
        },
      ],
    },
  };
}

describe('draining a real Envoy', function () {
  this.timeout(30_000);
  let envoy: ChildProcess;
  let echo: Server;
  let admin: EnvoyAdmin;
  const clients: Socket[] = [];

  beforeEach(async () => {
    const echoed: Socket[] = [];
    echo = createServer((socket) => {
      echoed.push(socket);
      socket.on('error', () => undefined).pipe(socket);
    });
    echo.listen(0, '127.0.0.1').on('close', () => {
      for (const socket of echoed) socket.destroy();
    });
    await once(echo, 'listening');
    const adminPort = await freePort();
    const config = bootstrap(adminPort, (echo.address() as AddressInfo).port);
    envoy = spawn(
      await findEnvoy(),
      ['--config-yaml', JSON.stringify(config), '--disable-hot-restart', '--concurrency', '1'],
      { stdio: 'ignore' },
    );
    admin = createEnvoyAdmin(adminPort);
    await eventually(async () => ((await admin.isLive()) ? true : undefined));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    echo.close();
    envoy.kill('SIGKILL');
    await once(envoy, 'close');
  });

  /** Opens a connection, sends `text` and waits for the first bytes that come back. */
  async function talk(text: string): Promise<Socket> {
    const client = connect(15006, address).on('error', () => undefined);
    clients.push(client);
    client.write(text);
    await once(client, 'data');
    return client;
  }

  async function timeDrain(
    limit: number,
    signal = new AbortController().signal,
  ): Promise<{ readonly end: DrainEnd; readonly ms: number }> {
    const started = Date.now();
    const end = await drain(admin, { limit, signal });
    return { end, ms: Date.now() - started };
  }

  it('ends at once when nobody is connected', async () => {
    const { end, ms } = await timeDrain(20_000);
    assert.deepEqual({ end, quick: ms < 500 }, { end: 'closed', quick: true }, `${ms} ms`);
  });

  it('ends when the last connection closes', async () => {
    const client = await talk('hello\n');
    const draining = timeDrain(20_000);
    await admin.inboundActivity();
    client.end();
    const { end, ms } = await draining;
    assert.deepEqual({ end, quick: ms < 3000 }, { end: 'closed', quick: true }, `${ms} ms`);
  });

  it('waits a second for connections that are kept for later calls, and tells their callers to close', async () => {
    const client = await talk('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const idle = await timeDrain(20_000);
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const [reply] = (await once(client, 'data')) as [Buffer];
    assert.deepEqual(
      {
        end: idle.end,
        inTime: idle.ms >= 1000 && idle.ms < 3000,
        told: /connection: close/i.test(reply.toString()),
      },
      { end: 'quiet', inTime: true, told: true },
      `${idle.ms} ms`,
    );
  });

  it('waits for busy connections until time is up', async () => {
    await talk('hello\n');
    const { end, ms } = await timeDrain(1500);
    const inTime = ms >= 1500 && ms < 2500;
    assert.deepEqual({ end, inTime }, { end: 'cut', inTime: true }, `${ms} ms`);
  });

  it('ends at once when it is told to', async () => {
    await talk('hello\n');
    const kill = new AbortController();
    const draining = timeDrain(20_000, kill.signal);
    kill.abort();
    const { end, ms } = await draining;
    assert.deepEqual({ end, quick: ms < 1000 }, { end: 'cut', quick: true }, `${ms} ms`);
  });

  it('ends at once when Envoy is gone', async () => {
    const gone = createEnvoyAdmin(await freePort());
    assert.equal(await drain(gone, { limit: 20_000, signal: new AbortController().signal }), 'cut');
  });
});
