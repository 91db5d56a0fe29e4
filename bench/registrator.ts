/**
 * How quick the registrator is and what it takes: `npm run bench:registrator`. A registrator as users start it, in a
 * process of its own; a Docker Engine that is ours, because a machine of this size does not bear 1,000 containers; and a
 * real Consul, seen through a proxy that counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Lifecycle } from '../kit/lifecycle.ts';
import { inspectReply } from '../test/fakes/containers.ts';
import { FakeEngine } from '../test/fakes/docker.ts';
import { FaultyProxy } from '../test/fakes/faulty-proxy.ts';
import { TestConsul } from '../test/support/consul.ts';
import { until } from '../test/support/until.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './quantile.ts';
import { readUsage } from './usage.ts';

const sizes = [10, 200, 1000];
const services = 20;
const rounds = 100;
/** How long the registrator is watched while nothing happens (ms). */
const idleTime = 20_000;

const targets = {
  'event to Consul p95 at 200 (ms)': 100,
  'resync of 1000 (ms)': 2000,
  'idle CPU at 1000 (%)': 0.5,
  'memory at 1000 (MB)': 100,
};

/** As in the image. */
const nodeOptions = ['--max-semi-space-size=4'];

interface Bench {
  readonly consul: TestConsul;
  readonly engine: FakeEngine;
  readonly proxy: FaultyProxy;
  readonly registrator: ChildProcess;
}

/** One number of containers. */
interface Figures {
  readonly containers: number;
  /** From the events until Consul has all that were added to reach this number (ms). */
  readonly filled: number;
  /** From the event of a start until Consul's catalogue has the instance (ms). */
  readonly start: { readonly p50: number; readonly p95: number };
  /** The same of a death until it is gone. */
  readonly end: { readonly p50: number; readonly p95: number };
  /** From the first of Docker's answers to the last of Consul's, when all is read again and nothing has changed (ms). */
  readonly resync: number;
  readonly idleCpu: number;
  readonly memory: number;
  /** What one start costs. */
  readonly calls: { readonly docker: number; readonly consul: number };
}

function container(index: number): ReturnType<typeof inspectReply> {
  const reply = inspectReply({
    name: `app${index}`,
    exposed: ['8080/tcp'],
    env: [`SERVICE_NAME=service${index % services}`, 'SERVICE_VERSION=v1', 'SERVICE_PROTOCOL=http'],
    ip: `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`,
    labels: { 'com.docker.compose.project': 'bench' },
  });
  return { ...reply, Id: index.toString(16).padStart(64, '0') };
}

async function openBench(life: Lifecycle): Promise<Bench> {
  const consul = await TestConsul.start();
  life.add({ close: () => consul.stop() });
  const engine = await FakeEngine.start();
  life.add({ close: () => engine.stop() });
  const proxy = await FaultyProxy.start(consul.address);
  life.add({ close: () => proxy.stop() });
  const main = join(import.meta.dirname, '../bin/cmesh.mjs');
  const flags = ['registrator', '-internal', `consul://${proxy.address}`];
  const registrator = spawn(process.execPath, [...nodeOptions, main, ...flags], {
    env: { ...process.env, DOCKER_HOST: engine.dockerHost },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  life.add({
    close: async () => {
      const ended = once(registrator, 'exit');
      if (registrator.kill()) await ended;
    },
  });
  await until('the registrator', () => engine.streams > 0);
  return { consul, engine, proxy, registrator };
}

async function countRegistered({ consul }: Bench): Promise<number> {
  const { Services } = await consul.get<{ readonly Services: readonly unknown[] }>(
    '/catalog/node-services/test?filter=' + encodeURIComponent('Service matches "^service"'),
  );
  return Services.length;
}

async function fill(bench: Bench, from: number, to: number): Promise<number> {
  const began = performance.now();
  for (let index = from; index < to; index += 1) bench.engine.emit('start', container(index));
  await until(`${to} containers`, async () => (await countRegistered(bench)) === to, 120_000);
  return performance.now() - began;
}

/** Ids of the instances of a service that the catalogue has. */
async function instances({ consul }: Bench, service: string): Promise<readonly string[]> {
  const entries = await consul.get<readonly { readonly ServiceID: string }[]>(
    `/catalog/service/${service}`,
  );
  return entries.map(({ ServiceID }) => ServiceID);
}

async function measureEvents(bench: Bench, size: number): Promise<Pick<Figures, 'start' | 'end'>> {
  const starts: number[] = [];
  const ends: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const one = container(size + round);
    const service = `service${(size + round) % services}`;
    const isThere = async (): Promise<boolean> =>
      (await instances(bench, service)).includes(`fakehost:app${size + round}:8080`);
    await delay(Math.random() * 50);
    let began = performance.now();
    bench.engine.emit('start', one);
    await until('the start', isThere);
    starts.push(performance.now() - began);
    await delay(Math.random() * 50);
    began = performance.now();
    bench.engine.emit('die', { ...one, State: { Running: false } }, { exitCode: '0' });
    await until('the end', async () => !(await isThere()));
    ends.push(performance.now() - began);
    bench.engine.remove(one.Id);
    bench.engine.emit('destroy', one);
    bench.engine.remove(one.Id);
  }
  const summarize = (times: readonly number[]): Figures['start'] => ({
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
  });
  return { start: summarize(starts), end: summarize(ends) };
}

/** Everything is read again when the event stream is open again. */
async function measureResync({ engine, proxy }: Bench, size: number): Promise<number> {
  await delay(500);
  const asked = engine.requests.length;
  engine.dropStreams();
  const news = (): readonly string[] => engine.requests.slice(asked);
  await until('the list', () => news().some((line) => line.includes('/containers/json')));
  const began = performance.now();
  const inspected = (): boolean =>
    news().filter((line) => line.includes('/json') && !line.includes('/containers/json')).length >=
    size;
  await until('all inspects', inspected);
  const read = proxy.requests.length;
  await until('what Consul holds', () => proxy.requests.length >= read + 3);
  return performance.now() - began;
}

async function measureIdle({ registrator }: Bench): Promise<Pick<Figures, 'idleCpu' | 'memory'>> {
  await delay(3000);
  const before = await readUsage(registrator.pid ?? 0);
  await delay(idleTime);
  const { cpu, rss } = await readUsage(registrator.pid ?? 0);
  return { idleCpu: ((cpu - before.cpu) / idleTime) * 100, memory: rss };
}

async function measureCalls(bench: Bench, size: number): Promise<Figures['calls']> {
  const { engine, proxy } = bench;
  // A pass without news is just over, the next one is 2 s away.
  const read = proxy.requests.length;
  await until('a pass', () => proxy.requests.length >= read + 3);
  await delay(200);
  const before = { docker: engine.requests.length, consul: proxy.requests.length };
  const one = container(size + rounds);
  engine.emit('start', one);
  await until('the start', async () => (await countRegistered(bench)) === size + 1);
  await delay(500);
  const calls = {
    docker: engine.requests.length - before.docker,
    consul: proxy.requests.length - before.consul,
  };
  engine.emit('die', { ...one, State: { Running: false } }, { exitCode: '0' });
  engine.remove(one.Id);
  await until('the end', async () => (await countRegistered(bench)) === size);
  return calls;
}

async function measure(bench: Bench, from: number, size: number): Promise<Figures> {
  const filled = await fill(bench, from, size);
  console.log(`${size} containers`);
  return {
    containers: size,
    filled,
    ...(await measureEvents(bench, size)),
    resync: await measureResync(bench, size),
    ...(await measureIdle(bench)),
    calls: await measureCalls(bench, size),
  };
}

async function main(): Promise<void> {
  const machine = describeMachine();
  const life = new Lifecycle();
  try {
    const bench = await openBench(life);
    const rows: Figures[] = [];
    for (const size of sizes) rows.push(await measure(bench, rows.at(-1)?.containers ?? 0, size));
    const [, middle, large] = rows;
    const figures = {
      'event to Consul p95 at 200 (ms)': Math.max(middle?.start.p95 ?? 0, middle?.end.p95 ?? 0),
      'resync of 1000 (ms)': large?.resync,
      'idle CPU at 1000 (%)': large?.idleCpu,
      'memory at 1000 (MB)': large?.memory,
    };
    const folder = join(import.meta.dirname, 'results');
    await mkdir(folder, { recursive: true });
    const text = `${JSON.stringify({ machine, targets, figures, rows }, null, 2)}\n`;
    await writeFile(join(folder, 'registrator.json'), text);
    console.log(JSON.stringify({ figures, rows }, null, 2));
  } finally {
    await life.close();
  }
}

await main();
