import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually, findEnvoy, freePort } from '../test/support/envoy.ts';
import { startHollowAds, type HollowAds } from '../test/support/hollow-ads.ts';
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

interface Agent {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Status and body of the readiness probe. */
  readonly probe: () => Promise<string>;
  readonly ended: Promise<number | null>;
  readonly envoyPid: () => number | undefined;
}

function startAgent(variables: Readonly<Record<string, string>>): Agent {
  let output = '';
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { PATH: process.env['PATH'], INSTANCE_IP: '127.0.0.1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const port = variables['CMESH_READINESS_PORT'] ?? '15021';
  return {
    process: child,
    output: () => output,
    probe: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/healthz/ready`);
      return `${response.status} ${(await response.text()).trim()}`;
    },
    ended: once(child, 'close').then(([code]) => code as number | null),
    envoyPid: () => {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
      return children
        .split(' ')
        .map(Number)
        .find((pid) => pid > 0 && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('envoy'));
    },
  };
}

describe('cmesh agent with a real Envoy', function () {
  this.timeout(30_000);
  let ads: HollowAds;
  let names: Names;
  let agent: Agent | undefined;
  let variables: Record<string, string>;

  async function prepare(silent: boolean): Promise<void> {
    ads = await startHollowAds(silent);
    names = await startNames();
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
  }

  const sendTable = async (): Promise<void> => {
    const watch = await eventually(() => names.watches.at(-1));
    watch.write('{"version":"1","names":{"web":["240.240.0.1"]}}\n\n');
  };
  const untilProbe = (running: Agent, expected: string): Promise<true> =>
    eventually(async () => ((await running.probe()) === expected ? true : undefined));

  afterEach(async () => {
    if (agent?.process.exitCode === null) {
      const envoy = agent.envoyPid();
      agent.process.kill('SIGKILL');
      if (envoy !== undefined) process.kill(envoy, 'SIGKILL');
      await agent.ended;
    }
    agent = undefined;
    ads.close();
    names.close();
  });

  it('is ready when Envoy has its configuration and the names are known, and says what is missing', async () => {
    await prepare(true);
    agent = startAgent(variables);
    const running = agent;
    await untilProbe(running, '503 Envoy waits for its configuration from pilot');
    ads.open();
    await untilProbe(running, '503 no name table from pilot yet');
    await sendTable();
    await untilProbe(running, '200 ready');
    assert.match(
      ads.firstRequests[0]!.toString('latin1'),
      /sidecar~127\.0\.0\.1~.+\.default~service\.consul/,
    );

    const started = Date.now();
    running.process.kill('SIGTERM');
    assert.equal(await running.ended, 0);
    assert.ok(Date.now() - started < 1000, `ending took ${Date.now() - started} ms`);
  });

  it('starts a killed Envoy again and is not ready in between', async () => {
    await prepare(false);
    agent = startAgent(variables);
    const running = agent;
    await sendTable();
    await untilProbe(running, '200 ready');
    const first = running.envoyPid()!;
    process.kill(first, 'SIGKILL');
    await untilProbe(running, '503 Envoy does not answer');
    await untilProbe(running, '200 ready');
    assert.notEqual(running.envoyPid(), first);
    assert.match(running.output(), /"signal":"SIGKILL".*"msg":"Envoy ended by itself/);
    running.process.kill('SIGTERM');
    assert.equal(await running.ended, 0);
  });

  it('names the culprit when Envoy cannot start', async () => {
    await prepare(false);
    const occupant = createServer().listen(Number(variables['CMESH_PROMETHEUS_PORT']), '0.0.0.0');
    agent = startAgent(variables);
    const running = agent;
    const line = await eventually(() =>
      running
        .output()
        .split('\n')
        .find((text) => text.includes('Envoy ended by itself')),
    );
    occupant.close();
    assert.match(
      line,
      new RegExp(`0\\.0\\.0\\.0:${variables['CMESH_PROMETHEUS_PORT']}.*Address already in use`),
    );
    running.process.kill('SIGTERM');
    assert.equal(await running.ended, 0);
  });

  it('ends at once, naming it, when there is no Envoy', async () => {
    await prepare(false);
    agent = startAgent({ ...variables, ENVOY_BIN: '/nowhere/envoy' });
    assert.equal(await agent.ended, 1);
    assert.match(agent.output(), /cannot start Envoy as '\/nowhere\/envoy' \(ENVOY_BIN\)/);
  });

  it('ends at once, naming it, when a port is taken', async () => {
    await prepare(false);
    const occupant = createServer().listen(Number(variables['CMESH_DNS_PORT']), '127.0.0.1');
    agent = startAgent(variables);
    const code = await agent.ended;
    occupant.close();
    assert.deepEqual(
      {
        code,
        named: agent
          .output()
          .includes(`cannot serve DNS on 127.0.0.1:${variables['CMESH_DNS_PORT']}`),
      },
      { code: 1, named: true },
    );
  });

  it('forgets neither table nor readiness while pilot is away', async () => {
    await prepare(false);
    agent = startAgent(variables);
    const running = agent;
    await sendTable();
    await untilProbe(running, '200 ready');
    ads.close();
    names.close();
    await eventually(() =>
      running.output().includes('no name table from pilot') ? true : undefined,
    );
    assert.equal(await running.probe(), '200 ready');
    running.process.kill('SIGTERM');
    assert.equal(await running.ended, 0);
  });

  it('exposes the metrics of Envoy and nothing else of its admin interface', async () => {
    await prepare(false);
    agent = startAgent(variables);
    const running = agent;
    await sendTable();
    await untilProbe(running, '200 ready');
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
    await once(idle, 'connect');
    running.process.kill('SIGTERM');
    assert.equal(await running.ended, 0);
    idle.destroy();
  });

  it('refuses a wrong environment before it starts anything', async () => {
    await prepare(false);
    agent = startAgent({ ...variables, CMESH_CONCURRENCY: 'many' });
    assert.equal(await agent.ended, 1);
    assert.match(agent.output(), /CMESH_CONCURRENCY: 'many' is not a whole number/);
  });
});
