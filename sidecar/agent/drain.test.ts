import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { freePort } from '../../test/support/ports.ts';
import { findEnvoy } from '../../test/support/programs.ts';
import { until } from '../../test/support/until.ts';
import { createEnvoyAdmin, type EnvoyAdmin } from '../envoy/admin.ts';
import { drain, type DrainEnd } from './drain.ts';

/** A loopback address of this process only, so that the port can be the real one. */
const address = `127.${64 + (process.pid >> 16)}.${(process.pid >> 8) & 255}.${process.pid & 255}`;
/** A limit (ms) that no test lives to see. */
const ever = 3_600_000;
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

/** A TCP server that sends back what it gets; returns its port. */
async function startEcho(life: Lifecycle): Promise<number> {
  const echoed: Socket[] = [];
  const server = createServer((socket) => {
    echoed.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  life.add({
    close: () => {
      server.close();
      for (const socket of echoed) socket.destroy();
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
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

describe('draining a real Envoy', () => {
  let life: Lifecycle;
  let admin: EnvoyAdmin;
  let envoy: ChildProcess;
  /** How often the drain has looked whether it may end, and in vain. */
  let looks: number;
  let failures: number;

  beforeEach(async () => {
    life = new Lifecycle();
    looks = 0;
    failures = 0;
    const adminPort = await freePort();
    const config = bootstrap(adminPort, await startEcho(life));
    envoy = spawn(
      await findEnvoy(),
      ['--config-yaml', JSON.stringify(config), '--disable-hot-restart', '--concurrency', '1'],
      { stdio: 'ignore' },
    );
    const ended = once(envoy, 'close');
    life.add({
      close: async () => {
        envoy.kill('SIGKILL');
        await ended;
      },
    });
    const real = createEnvoyAdmin(adminPort);
    const inboundActivity = (): ReturnType<EnvoyAdmin['inboundActivity']> => {
      looks += 1;
      return real.inboundActivity().catch((error: unknown) => {
        failures += 1;
        throw error;
      });
    };
    admin = { ...real, inboundActivity };
    await until('Envoy', () => real.isLive().catch(() => false));
  });

  afterEach(() => life.close());

  /** Opens a connection, sends `text` and waits for the first bytes that come back. */
  async function talk(text: string): Promise<Socket> {
    const client = connect(15006, address).on('error', () => undefined);
    life.add({ close: () => void client.destroy() });
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
    const { end } = await timeDrain(ever);
    assert.deepEqual({ end, looks }, { end: 'closed', looks: 1 });
  });

  it('ends when the last connection closes', async () => {
    const client = await talk('hello\n');
    const draining = timeDrain(ever);
    await until('a look', () => looks > 0);
    client.end();
    assert.equal((await draining).end, 'closed');
  });

  it('goes on with an Envoy that was held up for longer than an answer may take', async () => {
    const client = await talk('hello\n');
    const draining = timeDrain(ever);
    await until('a look', () => looks > 0);
    envoy.kill('SIGSTOP');
    await until('a look in vain', () => failures > 0);
    envoy.kill('SIGCONT');
    client.end();
    assert.equal((await draining).end, 'closed');
  });

  it('waits a second for connections that are kept for later calls, and tells their callers to close', async () => {
    const client = await talk('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const idle = await timeDrain(ever);
    client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const [reply] = (await once(client, 'data')) as [Buffer];
    assert.deepEqual(
      {
        end: idle.end,
        inTime: idle.ms >= 1000,
        told: /connection: close/i.test(reply.toString()),
      },
      { end: 'quiet', inTime: true, told: true },
      `${idle.ms} ms`,
    );
  });

  it('waits for busy connections until time is up', async () => {
    await talk('hello\n');
    const { end, ms } = await timeDrain(1500);
    assert.deepEqual({ end, inTime: ms >= 1500 }, { end: 'cut', inTime: true }, `${ms} ms`);
  });

  it('ends at once when it is told to', async () => {
    await talk('hello\n');
    const kill = new AbortController();
    const draining = timeDrain(ever, kill.signal);
    kill.abort();
    assert.equal((await draining).end, 'cut');
  });

  it('ends at once when Envoy is gone', async () => {
    // Nothing listens on port 1.
    const gone = createEnvoyAdmin(1);
    assert.equal(await drain(gone, { limit: ever, signal: new AbortController().signal }), 'cut');
  });
});
