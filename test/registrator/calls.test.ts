/** What an event costs: the same calls to Docker and to Consul at a thousand containers as at ten. */
import assert from 'node:assert/strict';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { FakeConsulAgent } from '../fakes/consul-agent.ts';
import { idOf, inspectReply, type ContainerSketch } from '../fakes/containers.ts';
import { FakeEngine } from '../fakes/docker.ts';
import { FaultyProxy } from '../fakes/faulty-proxy.ts';
import { TestConsul } from '../support/consul.ts';
import { startRegistrator } from '../support/registrator.ts';
import { until } from '../support/until.ts';

/** What is asked, oldest first. */
interface Requests {
  readonly requests: readonly string[];
}

/** A Docker Engine, and what answers for Consul. */
interface Host {
  readonly engine: FakeEngine;
  readonly consul: Requests;
}

interface Calls {
  readonly docker: readonly string[];
  readonly consul: readonly string[];
  readonly readBack: readonly string[];
}

describe('the calls of the registrator', () => {
  const life = new Lifecycle();

  afterEach(() => life.close());

  /** Starts a registrator between a new Engine and Consul at that address. */
  const follow = async (address: string, consul: Requests): Promise<Host> => {
    const engine = await FakeEngine.start();
    life.add({ close: () => engine.stop() });
    const flags = ['-internal', `consul://${address}`];
    const registrator = startRegistrator(flags, { DOCKER_HOST: engine.dockerHost });
    life.add({
      close: async () => {
        await registrator.stop();
      },
    });
    return { engine, consul };
  };

  const sketch = (index: number): ContainerSketch => ({
    name: `app${index}`,
    exposed: ['80/tcp'],
    env: ['SERVICE_NAME=app'],
    ip: `10.0.${index >> 8}.${index & 255}`,
  });

  const fill = async (host: Host, count: number): Promise<void> => {
    const { engine, consul } = host;
    for (let index = 0; index < count; index += 1) engine.set(inspectReply(sketch(index)));
    engine.dropStreams();
    const writes = (): number =>
      consul.requests.filter((line) => line.includes('/agent/check/update/')).length;
    await until(`${count} containers`, () => writes() >= count);
    await untilQuiet(host);
  };

  /** A pass by the clock has asked for nothing but what is asked for while nothing happens. */
  const untilQuiet = async ({ engine, consul }: Host): Promise<void> => {
    for (let isQuiet = false; !isQuiet;) {
      const from = { docker: engine.requests.length, consul: consul.requests.length };
      const news = (): readonly string[] => consul.requests.slice(from.consul);
      await until('a pass', () => news().some((line) => line.includes('/status/leader')));
      isQuiet = engine.requests.length === from.docker && news().every(isIdle);
    }
  };

  /** One container starts, one is paused and one dies: what is asked for until it is quiet again. */
  const measure = async (host: Host): Promise<Calls> => {
    const { engine, consul } = host;
    const from = { docker: engine.requests.length, consul: consul.requests.length };
    const news = (): readonly string[] => consul.requests.slice(from.consul);
    engine.emit('start', inspectReply({ ...sketch(2000), name: 'new' }));
    engine.emit('pause', inspectReply({ ...sketch(0), state: 'paused' }));
    engine.emit('die', inspectReply({ ...sketch(1), state: 'exited' }), { exitCode: '0' });
    await until('what was written to be read back', () => {
      const last = news().findLastIndex((line) => line.startsWith('PUT '));
      return last >= 0 && news().slice(last).some(isReading);
    });
    await untilQuiet(host);
    const lines = news().filter((line) => !isIdle(line));
    return {
      docker: engine.requests.slice(from.docker).sort(),
      consul: lines
        .filter((line) => !isReading(line))
        .map(shorten)
        .sort(),
      // Once for all, or once more if a pass by the clock came in between.
      readBack: [...new Set(lines.filter(isReading).map(shorten))].sort(),
    };
  };

  const idOfNew = idOf('new');
  const expected: Calls = {
    docker: [idOf('app0'), idOf('app1'), idOfNew].map((id) => `GET /containers/${id}/json`).sort(),
    consul: [
      'GET /v1/agent/service/fakehost:new:80',
      'PUT /v1/agent/check/update/service:fakehost:app0:80:docker',
      'PUT /v1/agent/check/update/service:fakehost:new:80:docker',
      'PUT /v1/agent/service/deregister/fakehost:app1:80',
      'PUT /v1/agent/service/register',
    ],
    readBack: ['GET /v1/agent/checks', 'GET /v1/agent/services'],
  };

  const atTen = async (): Promise<Calls> => {
    const consul = await TestConsul.start();
    life.add({ close: () => consul.stop() });
    const proxy = await FaultyProxy.start(consul.address);
    life.add({ close: () => proxy.stop() });
    const host = await follow(proxy.address, proxy);
    await fill(host, 10);
    return measure(host);
  };

  const atThousand = async (): Promise<Calls> => {
    const consul = await FakeConsulAgent.start();
    life.add({ close: () => consul.stop() });
    const host = await follow(consul.address, consul);
    await fill(host, 1000);
    return measure(host);
  };

  it('for events are the same at 1,000 containers as at 10', async () => {
    const [few, many] = await Promise.all([atTen(), atThousand()]);
    assert.deepEqual({ few, many }, { few: expected, many: expected });
  });
});

function isReading(line: string): boolean {
  return /^GET \/v1\/agent\/(services|checks)\?/.test(line);
}

/** Asked for while nothing happens, too: by a pass by the clock, and by blocking queries. */
function isIdle(line: string): boolean {
  return line.includes('/status/leader') || /[?&]index=/.test(line);
}

function shorten(line: string): string {
  return decodeURIComponent(line).replace(/\?.*/, '');
}
