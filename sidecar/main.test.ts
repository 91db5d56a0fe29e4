import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Lifecycle, type Closer } from '../kit/lifecycle.ts';
import { startHollowAds, type HollowAds } from '../test/support/hollow-ads.ts';
import { freePort } from '../test/support/ports.ts';
import { findEnvoy } from '../test/support/programs.ts';
import { until } from '../test/support/until.ts';
import { nameTablePath } from './contract/name-table.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Pilot's name table as the agent sees it: a watch that the test writes into. */
interface Names {
  readonly url: string;
  readonly watches: readonly ServerResponse[];
  readonly close: () => void;
}

async function startNames(): Promise<Names> {
  const watches: ServerResponse[] = [];
  const server: Server = createServer((request, response) => {
    assert.equal(request.url, `${nameTablePath}?watch=true`);
    response.writeHead(200);
    response.flushHeaders();
    watches.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    watches,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The agent in a process of its own, and the Envoy that it starts. */
class Agent implements Closer {
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #readinessPort: string;
  #output = '';

  constructor(variables: Readonly<Record<string, string>>) {
    this.#readinessPort = variables['CMESH_READINESS_PORT'] ?? '';
    const child = spawn(process.execPath, ['--import', 'tsx', main], {
      env: { PATH: process.env['PATH'], INSTANCE_IP: '127.0.0.1', ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    this.#child = child;
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  get output(): string {
    return this.#output;
  }

  get envoyPid(): number | undefined {
    return this.#children().find((pid) =>
      readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('envoy'),
    );
  }

  /** Waits until the readiness probe is answered by this status and text. */
  async untilProbe(expected: string): Promise<void> {
    await until(`the answer "${expected}"`, () =>
      fetch(`http://127.0.0.1:${this.#readinessPort}/healthz/ready`).then(
        async (response) => `${response.status} ${(await response.text()).trim()}` === expected,
        () => false,
      ),
    );
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // Stopped, so that it cannot start another Envoy in the meantime.
      this.#child.kill('SIGSTOP');
      for (const pid of this.#children()) process.kill(pid, 'SIGKILL');
      this.#child.kill('SIGKILL');
    }
    await this.ended;
  }

  #children(): readonly number[] {
    const pid = this.#child.pid ?? 0;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return children
      .split(' ')
      .map(Number)
      .filter((child) => child > 0);
  }
}

describe('cmesh agent with a real Envoy', () => {
  let life: Lifecycle;
  let ads: HollowAds;
  let names: Names;
  let variables: Record<string, string>;

  beforeEach(async () => {
    life = new Lifecycle();
    ads = life.add(await startHollowAds());
    names = life.add(await startNames());
    variables = {
      ENVOY_BIN: await findEnvoy(),
      SERVICE_NAME: 'web',
      SERVICE_VERSION: 'v1',
      PILOT_ADDRESS: `127.0.0.1:${ads.port}`,
      PILOT_HTTP: names.url,
      CMESH_CONCURRENCY: '1',
      CMESH_ADMIN_PORT: String(await freePort()),
      CMESH_READINESS_PORT: String(await freePort()),
      CMESH_DNS_PORT: String(await freePort()),
      CMESH_PROMETHEUS_PORT: String(await freePort()),
    };
  });

  afterEach(() => life.close());

  const startAgent = (changes: Readonly<Record<string, string>> = {}): Agent =>
    life.add(new Agent({ ...variables, ...changes }));
  const sendTable = async (): Promise<void> => {
    const watch = await until('a watch of the names', () => names.watches.at(-1));
    watch.write('{"version":"1","names":{"web":["240.240.0.1"]}}\n\n');
  };
  /** Takes a port, so that the agent cannot. */
  const occupy = async (port: string | undefined, host: string): Promise<void> => {
    const occupant = createServer();
    life.add({ close: () => void occupant.close() });
    await once(occupant.listen(Number(port), host), 'listening');
  };

  it('is ready when Envoy has its configuration and the names are known, and says what is missing', async () => {
    ads.hold();
    const agent = startAgent();
    await agent.untilProbe('503 Envoy waits for its configuration from pilot');
    ads.open();
    await agent.untilProbe('503 no name table from pilot yet');
    await sendTable();
    await agent.untilProbe('200 ready');
    assert.match(
      ads.firstRequests[0]!.toString('latin1'),
      /sidecar~127\.0\.0\.1~.+\.default~service\.consul/,
    );

    agent.terminate();
    assert.equal(await agent.ended, 0);
    // Not by waiting for connections: there are none.
    assert.match(agent.output, /"end":"closed"/);
  });

  it('starts a killed Envoy again and is not ready in between', async () => {
    const agent = startAgent();
    await sendTable();
    await agent.untilProbe('200 ready');
    const first = agent.envoyPid!;
    // The next Envoy stays without configuration until the test has seen that it is not ready.
    ads.hold();
    process.kill(first, 'SIGKILL');
    await agent.untilProbe('503 Envoy waits for its configuration from pilot');
    ads.open();
    await agent.untilProbe('200 ready');
    assert.notEqual(agent.envoyPid, first);
    assert.match(agent.output, /"signal":"SIGKILL".*"msg":"Envoy ended by itself/);
    agent.terminate();
    assert.equal(await agent.ended, 0);
  });

  it('names the culprit when Envoy cannot start', async () => {
    await occupy(variables['CMESH_PROMETHEUS_PORT'], '0.0.0.0');
    const agent = startAgent();
    const line = await until('the end of Envoy', () =>
      agent.output.split('\n').find((text) => text.includes('Envoy ended by itself')),
    );
    assert.match(
      line,
      new RegExp(`0\\.0\\.0\\.0:${variables['CMESH_PROMETHEUS_PORT']}.*Address already in use`),
    );
    agent.terminate();
    assert.equal(await agent.ended, 0);
  });

  it('ends at once, naming it, when there is no Envoy', async () => {
    const agent = startAgent({ ENVOY_BIN: '/nowhere/envoy' });
    assert.equal(await agent.ended, 1);
    assert.match(agent.output, /cannot start Envoy as '\/nowhere\/envoy' \(ENVOY_BIN\)/);
  });

  it('ends at once, naming it, when a port is taken', async () => {
    await occupy(variables['CMESH_DNS_PORT'], '127.0.0.1');
    const agent = startAgent();
    const code = await agent.ended;
    assert.deepEqual(
      {
        code,
        named: agent.output.includes(
          `cannot serve DNS on 127.0.0.1:${variables['CMESH_DNS_PORT']}`,
        ),
      },
      { code: 1, named: true },
    );
  });

  it('forgets neither table nor readiness while pilot is away', async () => {
    const agent = startAgent();
    await sendTable();
    await agent.untilProbe('200 ready');
    ads.close();
    names.close();
    await until('the agent to notice', () => agent.output.includes('no name table from pilot'));
    await agent.untilProbe('200 ready');
    agent.terminate();
    assert.equal(await agent.ended, 0);
  });

  it('exposes the metrics of Envoy and nothing else of its admin interface', async () => {
    const agent = startAgent();
    await sendTable();
    await agent.untilProbe('200 ready');
    const base = `http://127.0.0.1:${variables['CMESH_PROMETHEUS_PORT']}`;
    const metrics = await (await fetch(`${base}/stats/prometheus`)).text();
    const others = await Promise.all(
      ['/config_dump', '/', '/quitquitquit'].map(async (path) => (await fetch(base + path)).status),
    );
    assert.deepEqual(
      {
        live: metrics.includes('envoy_server_live{} 1') || metrics.includes('envoy_server_live 1'),
        others,
      },
      { live: true, others: [404, 404, 404] },
    );
    const idle = connect(Number(variables['CMESH_PROMETHEUS_PORT']), '127.0.0.1');
    life.add({ close: () => void idle.destroy() });
    await once(idle, 'connect');
    agent.terminate();
    assert.equal(await agent.ended, 0);
  });

  it('refuses a wrong environment before it starts anything', async () => {
    const agent = startAgent({ CMESH_CONCURRENCY: 'many' });
    assert.equal(await agent.ended, 1);
    assert.match(agent.output, /CMESH_CONCURRENCY: 'many' is not a whole number/);
  });
});
