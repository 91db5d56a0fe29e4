/**
 * Measures the configuration API: what a write costs, what validation costs, the memory of many objects, that watchers share
 * one encoding, and who is busy while kubectl applies a large file. Exit code 1 when a target is missed. See README.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Closer, delay, Lifecycle } from '../kit/lifecycle.ts';
import { createLog } from '../kit/log.ts';
import { systemClock as clock } from '../kit/clock.ts';
import { decodeObject } from '../pilot/api/decode.ts';
import { openConsulStore } from '../pilot/store/consul-store.ts';
import { openDirStore } from '../pilot/store/dir-store.ts';
import { createMemoryStore } from '../pilot/store/memory-store.ts';
import { createScaleMesh } from '../test/feature/scale-mesh.ts';
import { startApiServer } from '../test/support/api-server.ts';
import { virtualServiceObject, virtualServiceYaml } from '../test/support/config-objects.ts';
import { TestConsul } from '../test/support/consul.ts';
import { makeTemporaryFolder } from '../test/support/folders.ts';
import { readLines } from '../test/support/lines.ts';
import { probeDisk } from './disk.ts';
import { describeMachine } from './machine.ts';
import { startPilotProcess } from './pilot-process.ts';
import { judge } from './verdict.ts';
import { type Times, measureWrites, quantilesOf } from './writes.ts';

/** Two thirds of the objects of the mesh are services and rules for them, as in `scale.ts`. */
const mesh = { services: 4000, endpoints: 3, rules: 3000 } as const;
const size = { stored: 1000, writes: 1000, watchers: 100, changes: 50, applied: 1000 } as const;

const targets = {
  'write, memory, p95 (ms)': 3,
  'write, dir, p95 (ms)': 3,
  'write, consul, p95 (ms)': 3,
  'write, memory, CPU (ms)': 3,
  'write, dir, CPU (ms)': 3,
  'validation of a VirtualService (µs)': 100,
  'RSS with 10,000 objects (MB)': 300,
  'encodings a change, 100 watchers': 1,
  'server share of kubectl apply (%)': 50,
} as const;

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';

type Figures = Record<keyof typeof targets, number>;

const lifecycle = new Lifecycle();
try {
  await run();
} finally {
  await lifecycle.close();
}

async function run(): Promise<void> {
  const machine = describeMachine();
  const disk = quantilesOf(await probeDisk(200));
  const count = { stored: size.stored, count: size.writes };
  const memory = await measureWrites(createMemoryStore({ clock }), count);
  show({ disk, memory });
  const folder = await makeTemporaryFolder();
  lifecycle.add({ close: folder.remove });
  const log = createLog('bench', 'error');
  const dir = await measureWrites(await openDirStore({ path: folder.path, clock, log }), count);
  const consul = await measureConsulWrites(count);
  const validation = measureValidation();
  const watching = await measureWatchers();
  show({ dir, consul, validation, watching });
  const many = await measureMemory();
  show({ many });
  const applied = await measureKubectl();
  show({ applied });
  const figures: Figures = {
    'write, memory, p95 (ms)': memory.p95,
    'write, dir, p95 (ms)': dir.p95,
    'write, consul, p95 (ms)': consul.p95,
    'write, memory, CPU (ms)': memory.cpu,
    'write, dir, CPU (ms)': dir.cpu,
    'validation of a VirtualService (µs)': validation.cpuMicroseconds,
    'RSS with 10,000 objects (MB)': many.rss,
    'encodings a change, 100 watchers': watching.encodings,
    'server share of kubectl apply (%)': applied.share,
  };
  const details = { disk, writes: { memory, dir, consul }, validation, watching, many, applied };
  await report({ machine, size: { ...size, mesh }, targets, figures, details });
}

async function measureConsulWrites(count: Parameters<typeof measureWrites>[1]): Promise<Times> {
  const agent = await TestConsul.start();
  try {
    const log = createLog('bench', 'error');
    const { client } = agent;
    const store = await openConsulStore({ client, prefix: 'bench/config', clock, log });
    return await measureWrites(store, count);
  } finally {
    await agent.stop();
  }
}

/**
 * A rule with a match, weights, retries and a fault, strictly checked. Nothing but computing, so CPU time is the measure.
 */
function measureValidation(): { readonly cpuMicroseconds: number } {
  const destination = (subset: string, weight: number): object => ({
    destination: { host: 'reviews', subset, port: { number: 9080 } },
    weight,
  });
  const object = {
    ...virtualServiceObject('reviews', 'v1'),
    spec: {
      hosts: ['reviews', 'reviews.example.com'],
      gateways: ['mesh', 'bookinfo-gateway'],
      http: [
        {
          match: [{ headers: { 'end-user': { exact: 'jason' } }, uri: { prefix: '/reviews' } }],
          fault: { delay: { percentage: { value: 10 }, fixedDelay: '2s' } },
          route: [destination('v2', 100)],
        },
        {
          timeout: '5s',
          retries: { attempts: 3, perTryTimeout: '2s', retryOn: 'gateway-error,connect-failure' },
          route: [destination('v1', 90), destination('v3', 10)],
        },
      ],
    },
  };
  const rounds = 20_000;
  for (let index = 0; index < rounds; index += 1) check(decodeObject(object, 'Strict').ok);
  const before = process.cpuUsage();
  for (let index = 0; index < rounds; index += 1) check(decodeObject(object, 'Strict').ok);
  const { user, system } = process.cpuUsage(before);
  return { cpuMicroseconds: (user + system) / rounds };
}

function check(isValid: boolean): void {
  if (!isValid) throw new Error('the object of the bench is not valid');
}

/** Encodings by the server's own count, once every watcher has every change. */
async function measureWatchers(): Promise<{
  readonly encodings: number;
  readonly linesSent: number;
  readonly ms: number;
}> {
  const server = await startApiServer();
  const watch = (): Promise<Response> => fetch(`${server.url}${collection}?watch=true`);
  const open = await Promise.all(Array.from({ length: size.watchers }, watch));
  const readers = open.map(readLines);
  const before = server.counters();
  const start = performance.now();
  for (let index = 0; index < size.changes; index += 1) {
    await server.store.create(virtualServiceObject(`watched-${index}`, 'v1'));
    await Promise.all(readers.map((reader) => reader.next()));
  }
  const ms = (performance.now() - start) / size.changes;
  const after = server.counters();
  await Promise.all(readers.map((reader) => reader.cancel()));
  await server.close();
  return {
    encodings: (after.eventEncodings - before.eventEncodings) / size.changes,
    linesSent: (after.linesSent - before.linesSent) / size.changes,
    ms,
  };
}

/** A pilot as users start it, with 4,000 services, 3,000 VirtualServices and 3,000 DestinationRules in files. */
async function measureMemory(): Promise<{
  readonly rss: number;
  readonly peak: number;
  readonly startSeconds: number;
  readonly cpuSeconds: number;
}> {
  const part = new Lifecycle();
  try {
    const files = part.add(await createScaleMesh(mesh));
    const start = performance.now();
    const pilot = part.add(await startPilotProcess({ config: files.path, nodeOptions: [] }));
    const startSeconds = (performance.now() - start) / 1000;
    await delay(3000);
    const { rss, peakRss, cpu } = await pilot.usage();
    return { rss, peak: peakRss, startSeconds, cpuSeconds: cpu / 1000 };
  } finally {
    await part.close();
  }
}

interface Applied {
  readonly newSeconds: number;
  readonly changedSeconds: number;
  /** Share of the time in which pilot was busy; the rest kubectl is waited for (%). */
  readonly share: number;
  readonly kubectlCpuSeconds: number;
  readonly pilotCpuSeconds: number;
}

/** `kubectl apply -f` of one file, when all objects in it are new and when all have changed. */
async function measureKubectl(): Promise<Applied> {
  const part = new Lifecycle();
  try {
    const home = await makeTemporaryFolder();
    part.add({ close: home.remove });
    const config = join(home.path, 'config');
    const pilot = part.add(await startPilotProcess({ config, nodeOptions: [] }));
    const file = join(home.path, 'rules.yaml');
    const apply = async (subset: string): Promise<KubectlRun> => {
      const names = Array.from({ length: size.applied }, (_, index) => `rule-${index}`);
      await writeFile(file, names.map((name) => virtualServiceYaml(name, subset)).join('---\n'));
      return runKubectl(['--server', pilot.http, 'apply', '-f', file], home.path);
    };
    const before = await pilot.usage();
    const created = await apply('v1');
    const changed = await apply('v2');
    const busy = ((await pilot.usage()).cpu - before.cpu) / 1000;
    const seconds = created.seconds + changed.seconds;
    return {
      newSeconds: created.seconds,
      changedSeconds: changed.seconds,
      share: (busy / seconds) * 100,
      kubectlCpuSeconds: created.cpu + changed.cpu,
      pilotCpuSeconds: busy,
    };
  } finally {
    await part.close();
  }
}

interface KubectlRun {
  readonly seconds: number;
  readonly cpu: number;
}

async function runKubectl(args: readonly string[], home: string): Promise<KubectlRun> {
  const start = performance.now();
  const env = { PATH: process.env['PATH'], HOME: home };
  const child = spawn('kubectl', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  // Warnings of the analysis for the most part: rules for services that are not there.
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const exited = once(child, 'exit');
  let cpu = 0;
  const timer: Closer = watchCpu(child.pid ?? 0, (seconds) => {
    cpu = seconds;
  });
  const [code] = (await exited) as [number | null];
  await timer.close();
  if (code !== 0) throw new Error(`kubectl ended with ${code}: ${said}`);
  return { seconds: (performance.now() - start) / 1000, cpu };
}

/** CPU time of a process so far, now and then, from /proc (Linux). */
function watchCpu(pid: number, tell: (seconds: number) => void): Closer {
  const look = async (): Promise<void> => {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      tell((Number(fields[11]) + Number(fields[12])) / 100);
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(() => void look(), 50);
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}

interface Report {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly size: object;
  readonly targets: object;
  readonly figures: Figures;
  readonly details: object;
}

function show(measured: object): void {
  console.log(JSON.stringify(measured, round));
}

function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

async function report(result: Report): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'api.json'), `${JSON.stringify(result, round, 2)}\n`);
  judge(targets, result.figures);
}
