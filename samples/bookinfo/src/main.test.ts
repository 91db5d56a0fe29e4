import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { until } from '../../../test/support/until.ts';
import { nobody, TestBed } from '../test/start.ts';
import type { Running } from './http/server.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

/** Waits until `child` says where it listens. Its output is read on, so that it can say more. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      const url = /listening on (\S+)/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.on('exit', () => {
      reject(new Error(`ended without listening: ${text}`));
    });
  });
}

/** A GET over a connection that the client would keep. */
async function ask(url: string, agent: Agent): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

/** Longer than any test waits (ms). */
const never = 2 ** 31 - 1;

describe('a bookinfo process', () => {
  const bed = new TestBed();
  const children: ChildProcess[] = [];
  let agent: Agent;

  function start(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
      env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return child;
  }

  beforeEach(() => {
    agent = new Agent({ keepAlive: true });
  });

  afterEach(async () => {
    agent.destroy();
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await bed.close();
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends on ${signal} without waiting for a client that keeps its connection`, async () => {
      const child = start(['details'], {});
      const url = await listening(child);
      await ask(`${url}/health`, agent);
      const exited = once(child, 'exit');
      const sent = performance.now();
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      const elapsed = performance.now() - sent;
      // Whoever waits does so until requests are cut off, after 8 s.
      assert.deepEqual(
        { code, waits: elapsed >= 8000 },
        { code: 0, waits: false },
        `${elapsed} ms`,
      );
    });
  }

  it('says what is wrong with its settings and ends with status 2', async () => {
    const child = start(['shop'], { PORT: 'x' });
    const exited = once(child, 'exit');
    let text = '';
    child.stderr?.on('data', (chunk) => (text += String(chunk)));
    const [code] = (await exited) as [number | null];
    assert.deepEqual(
      { code, text },
      {
        code: 2,
        text:
          'bookinfo: the service must be one of productpage, details, reviews, ratings, not shop; ' +
          'PORT must be a port number, not x\n',
      },
    );
  });

  it('does not wait for a connection on which nothing was said, as the pools of Envoy open them', async () => {
    const details = await bed.start('details');
    const { hostname, port } = new URL(details.url);
    const silent = connect(Number(port), hostname);
    const ended = once(silent.resume(), 'close');
    await once(silent, 'connect');
    // Connections are taken in their order: with this answer the first one has been.
    await ask(`${details.url}/health`, agent);
    await details.close(never);
    await ended;
  });

  /** A page that waits for details: for so long as the test likes, and never for as long as its limit. */
  async function startWaiting(): Promise<{
    readonly page: Running;
    readonly held: readonly ServerResponse[];
  }> {
    const held: ServerResponse[] = [];
    const slow = await bed.startUpstream((_request, response) => held.push(response));
    const page = await bed.start('productpage', {
      upstreams: { details: slow.url, reviews: nobody, ratings: nobody },
      timeouts: { page: 600_000, ratings: 600_000 },
    });
    return { page, held };
  }

  it('answers what is under way when it is told to stop, and takes nothing new', async () => {
    const { page, held } = await startWaiting();
    const pending = ask(`${page.url}/productpage`, agent);
    const details = await until('the call of details', () => held[0]);
    const closed = page.close(never);
    // It stops listening in a moment, not before `close` returns.
    await until('a refusal', () =>
      fetch(`${page.url}/health`).then(
        () => false,
        () => true,
      ),
    );
    details.end('{}');
    const response = await pending;
    await closed;
    assert.deepEqual(
      { status: response.statusCode, connection: response.headers.connection },
      { status: 200, connection: 'close' },
    );
  });

  it('cuts off what takes longer than the limit', async () => {
    const { page, held } = await startWaiting();
    const pending = fetch(`${page.url}/productpage`).then(
      () => 'answered',
      () => 'cut off',
    );
    await until('the call of details', () => held[0]);
    await page.close(20);
    assert.equal(await pending, 'cut off');
  });
});
