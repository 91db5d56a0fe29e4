/**
 * How quick the registrator is and what it takes: `npm run bench:registrator`. A registrator as users start it, in a
 * process of its own; a Docker Engine that is ours, because a machine of this size does not bear 1,000 containers; and a
 * real Consul, seen through a proxy that counts. Times tell of the machine and of what else runs on it; the CPU time of
 * the registrator itself, and what it asks for, do not. The last lines are a table of the targets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Lifecycle } from '../kit/lifecycle.ts';
import { layOutTable } from '../kit/text-table.ts';
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
/** Until all that an event has caused is over (ms): the next pass by the clock is 2 s away. */
const quiet = 5000;
/** Until the heap has been tidied up after work (ms). */
const settling = 15_000;
/** How long the registrator is watched while nothing happens (ms): long enough for what comes every half minute. */
const idleTime = 60_000;

/** What is to hold (issue of the registrator): the figure, at most this, and how it is found. */
const targets: readonly Target[] = [
  {
    name: 'event to Consul, p95 at 200 containers (ms)',
    limit: 100,
    find: ([, middle]) => Math.max(middle?.start.p95 ?? NaN, middle?.end.p95 ?? NaN),
  },
  {
    name: 'resync of 1,000 containers (ms)',
    limit: 2000,
    find: ([, , large]) => large?.resync.time,
  },
  { name: 'idle CPU at 1,000 containers (%)', limit: 0.5, find: ([, , large]) => large?.idleCpu },
  {
    name: 'memory (RSS) at 1,000 containers (MB)',
    limit: 100,
    find: ([, , large]) => large?.memory,
  },
  {
    name: 'calls for one start, more at 1,000 than at 10',
    limit: 0,
    find: ([small, , large]) => sumCalls(large) - sumCalls(small),
  },
];

interface Target {
  readonly name: string;
  readonly limit: number;
  readonly find: (rows: readonly Figures[]) => number | undefined;
}

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
  /** CPU time of the registrator for one of these (ms). */
  readonly eventCpu: number;
  /** All is read again and nothing has changed. */
  readonly resync: {
    /** From the list of containers to the first pass that knows what all inspects have said (ms). */
    readonly time: number;
    /** CPU time of the registrator (ms). */
    readonly cpu: number;
  };
  /** CPU time while nothing happens, of all time (%). */
  readonly idleCpu: number;
  readonly memory: number;
  /** What one start costs. What is written is read back by the next pass by the clock, in two calls for all writes until then. */
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

async function measureEvents(
  bench: Bench,
  size: number,
): Promise<Pick<Figures, 'start' | 'end' | 'eventCpu'>> {
  const before = await readCpu(bench);
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
  const eventCpu = ((await readCpu(bench)) - before) / (2 * rounds);
  return { start: summarize(starts), end: summarize(ends), eventCpu };
}

/** CPU time of the registrator since its start (ms). */
async function readCpu({ registrator }: Bench): Promise<number> {
  return (await readUsage(registrator.pid ?? 0)).cpu;
}

/** Everything is read again when the event stream is open again. */
async function measureResync(bench: Bench, size: number): Promise<Figures['resync']> {
  const { engine, proxy } = bench;
  await delay(quiet);
  const before = await readCpu(bench);
  const asked = engine.requests.length;
  engine.dropStreams();
  const news = (): readonly string[] => engine.requests.slice(asked);
  await until('the list', () => news().some((line) => line.includes('/containers/json')));
  const began = performance.now();
  const inspected = (): boolean =>
    news().filter((line) => line.includes('/json') && !line.includes('/containers/json')).length >=
    size;
  await until('all inspects', inspected);
  const passes = proxy.requests.length;
  await until('a pass', () => proxy.requests.length > passes);
  const time = performance.now() - began;
  await delay(quiet);
  return { time, cpu: (await readCpu(bench)) - before };
}

async function measureIdle({ registrator }: Bench): Promise<Pick<Figures, 'idleCpu' | 'memory'>> {
  await delay(settling);
  const before = await readUsage(registrator.pid ?? 0);
  await delay(idleTime);
  const { cpu, rss } = await readUsage(registrator.pid ?? 0);
  return { idleCpu: ((cpu - before.cpu) / idleTime) * 100, memory: rss };
}

async function measureCalls(bench: Bench, size: number): Promise<Figures['calls']> {
  const { engine, proxy } = bench;
  await delay(quiet);
  const before = { docker: engine.requests.length, consul: proxy.requests.length };
  const one = container(size + rounds);
  engine.emit('start', one);
  await until('the start', async () => (await countRegistered(bench)) === size + 1);
  await delay(quiet);
  const isCounted = (line: string): boolean => !isShared.test(line);
  const calls = {
    docker: engine.requests.slice(before.docker).length,
    consul: proxy.requests.slice(before.consul).filter(isCounted).length,
  };
  engine.emit('die', { ...one, State: { Running: false } }, { exitCode: '0' });
  engine.remove(one.Id);
  await until('the end', async () => (await countRegistered(bench)) === size);
  return calls;
}

/** Asked while nothing happens, too; or once for many writes. */
const isShared = /\/v1\/status\/leader|[?&]index=|\/v1\/agent\/(services|checks)\?/;

function sumCalls(row: Figures | undefined): number {
  return row === undefined ? NaN : row.calls.docker + row.calls.consul;
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

interface Result {
  readonly target: string;
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

/** A figure in each line, a number of containers in each column. */
function formatRows(rows: readonly Figures[]): string {
  const line = (name: string, figure: (row: Figures) => number): readonly string[] => [
    name,
    ...rows.map((row) => String(round('', figure(row)))),
  ];
  return layOutTable([
    line('CONTAINERS', ({ containers }) => containers),
    line('start to Consul p50 (ms)', ({ start }) => start.p50),
    line('start to Consul p95 (ms)', ({ start }) => start.p95),
    line('end to Consul p50 (ms)', ({ end }) => end.p50),
    line('end to Consul p95 (ms)', ({ end }) => end.p95),
    line('CPU time of one event (ms)', ({ eventCpu }) => eventCpu),
    line('resync (ms)', ({ resync }) => resync.time),
    line('CPU time of a resync (ms)', ({ resync }) => resync.cpu),
    line('idle CPU (%)', ({ idleCpu }) => idleCpu),
    line('memory (MB)', ({ memory }) => memory),
    line('calls to Docker for a start', ({ calls }) => calls.docker),
    line('calls to Consul for a start', ({ calls }) => calls.consul),
  ]);
}

function formatResults(results: readonly Result[]): string {
  return layOutTable([
    ['TARGET', 'AT MOST', 'MEASURED', 'MET'],
    ...results.map(({ target, limit, measured, met }) => [
      target,
      String(limit),
      String(round('', measured)),
      met ? 'yes' : 'NO',
    ]),
  ]);
}

async function main(): Promise<void> {
  const machine = describeMachine();
  const life = new Lifecycle();
  try {
    const bench = await openBench(life);
    const rows: Figures[] = [];
    for (const size of sizes) rows.push(await measure(bench, rows.at(-1)?.containers ?? 0, size));
    const results = targets.map(({ name, limit, find }) => {
      const measured = find(rows) ?? NaN;
      return { target: name, limit, measured, met: measured <= limit };
    });
    const folder = join(import.meta.dirname, 'results');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'registrator.json');
    await writeFile(file, `${JSON.stringify({ machine, results, rows }, round, 2)}\n`);
    console.log(formatRows(rows));
    console.log(formatResults(results));
    if (!results.every(({ met }) => met)) process.exitCode = 1;
  } finally {
    await life.close();
  }
}

await main();
