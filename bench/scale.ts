/**
 * Measures a real pilot with many proxies: how fast they are brought up and how fast a change reaches all of them,
 * what is sent for it, and the memory. Exit code 1 when a target is missed. See README.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Lifecycle, delay } from '../kit/lifecycle.ts';
import type { AdsCounters } from '../pilot/ads/status.ts';
import type { XdsType } from '../pilot/xds/resource.ts';
import { type Change, createScaleMesh } from '../test/feature/scale-mesh.ts';
import { until } from '../test/support/until.ts';
import { type FleetProcess, openFleet } from './fleet-process.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './quantile.ts';
import { type PilotProcess, startPilotProcess } from './pilot-process.ts';

const size = { proxies: 300, services: 300, endpoints: 10, rules: 60, changes: 100 } as const;

const targets = {
  'cold sync (ms)': 3000,
  'endpoint change p99 (ms)': 60,
  'rule change p99 (ms)': 150,
  'pilot RSS, peak (MB)': 250,
  'pilot RSS, steady (MB)': 250,
} as const;

type Figures = Record<keyof typeof targets, number>;

/** What one change cost. */
interface Sample {
  /** From the rename of the file until pilot had received the last acknowledgement (ms). */
  readonly total: number;
  /** From the rename until the first and the last proxy had acknowledged (ms). */
  readonly first: number;
  readonly last: number;
  /** CPU time of the fleet (ms). */
  readonly fleetCpu: number;
}

interface Series {
  readonly samples: readonly Sample[];
  /** CPU time of pilot for each change (ms). */
  readonly pilotCpu: number;
  /** What pilot sent for each change. */
  readonly sent: AdsCounters['types'];
}

const { values: flags } = parseArgs({
  // Options for pilot's node, such as --node=--cpu-prof.
  options: { node: { type: 'string', multiple: true } },
});
const lifecycle = new Lifecycle();
try {
  await run();
} finally {
  await lifecycle.close();
}

async function run(): Promise<void> {
  const machine = describeMachine();
  const mesh = lifecycle.add(await createScaleMesh(size));
  const pilot = await startPilotProcess({ config: mesh.path, nodeOptions: flags.node ?? [] });
  const fleet = lifecycle.add(openFleet());
  lifecycle.add(pilot);
  const ready = await pilot.usage();
  const cold = await connect(pilot, fleet);
  const synced = await pilot.usage();
  const endpoint = await measure(pilot, fleet, 'endpoint', (index) =>
    mesh.changeEndpoint((index * 7) % size.services, index),
  );
  const rule = await measure(pilot, fleet, 'route', (index) =>
    mesh.changeRule((index * 7) % size.rules, index),
  );
  await delay(3000);
  const steady = await pilot.usage();
  const figures: Figures = {
    'cold sync (ms)': cold.total,
    'endpoint change p99 (ms)': quantile(totalsOf(endpoint), 0.99),
    'rule change p99 (ms)': quantile(totalsOf(rule), 0.99),
    'pilot RSS, peak (MB)': steady.peakRss,
    'pilot RSS, steady (MB)': steady.rss,
  };
  const details = {
    cold: { ...cold, pilotCpu: synced.cpu - ready.cpu },
    endpoint: summarise(endpoint),
    rule: summarise(rule),
    memory: { ready: ready.rss, synced: synced.rss, steady: steady.rss, peak: steady.peakRss },
  };
  await report({ machine, size, targets, figures, details });
}

/** Connects all proxies to a pilot that is ready. */
async function connect(
  pilot: PilotProcess,
  fleet: FleetProcess,
): Promise<Sample & { bytes: number }> {
  const answer = fleet.answer();
  const start = now();
  fleet.send({ kind: 'connect', server: pilot.grpc, proxies: size.proxies });
  const { at, first, cpu } = await answer;
  await until('pilot to have all acknowledgements', pilot.synced);
  const total = now() - start;
  const { types } = await pilot.counters();
  const bytes = Object.values(types).reduce((sum, counters) => sum + counters.bytes, 0);
  return { total, first: first - start, last: at - start, fleetCpu: cpu, bytes };
}

/** Makes changes one after the other; throws when something else is sent than what they ask for. */
async function measure(
  pilot: PilotProcess,
  fleet: FleetProcess,
  type: 'endpoint' | 'route',
  change: (index: number) => Promise<Change>,
): Promise<Series> {
  const samples: Sample[] = [];
  const before = await pilot.counters();
  const cpu = (await pilot.usage()).cpu;
  let resources = 0;
  for (let index = 1; index <= size.changes; index += 1) {
    await expectAcks(fleet, type);
    const acked = fleet.answer();
    const made = await change(index);
    const { at, first, cpu: fleetCpu } = await acked;
    await until('pilot to have all acknowledgements', async () => {
      const { types } = await pilot.counters();
      return types[type].acks - before.types[type].acks === index * size.proxies;
    });
    const total = now() - made.at;
    samples.push({ total, first: first - made.at, last: at - made.at, fleetCpu });
    resources += made[type];
    // Time for what should not come.
    await delay(30);
  }
  const sent = difference(before, await pilot.counters());
  checkSent(sent, type, resources);
  return { samples, sent, pilotCpu: ((await pilot.usage()).cpu - cpu) / size.changes };
}

async function expectAcks(fleet: FleetProcess, type: XdsType): Promise<void> {
  const expecting = fleet.answer();
  fleet.send({ kind: 'expect', type });
  await expecting;
}

function difference(before: AdsCounters, after: AdsCounters): AdsCounters['types'] {
  const minus = (type: XdsType): AdsCounters['types'][XdsType] => {
    const [from, to] = [before.types[type], after.types[type]];
    return {
      pushes: to.pushes - from.pushes,
      bytes: to.bytes - from.bytes,
      resources: to.resources - from.resources,
      acks: to.acks - from.acks,
      rejections: to.rejections - from.rejections,
    };
  };
  return {
    cluster: minus('cluster'),
    endpoint: minus('endpoint'),
    listener: minus('listener'),
    route: minus('route'),
  };
}

/** Exactly one response with the changed resources to each proxy for each change, and nothing of other types. */
function checkSent(sent: AdsCounters['types'], type: XdsType, resources: number): void {
  const wanted = { [type]: { pushes: size.changes, resources } };
  for (const [name, { pushes, resources: count }] of Object.entries(sent)) {
    const { pushes: wantedPushes = 0, resources: wantedCount = 0 } = wanted[name] ?? {};
    if (pushes === wantedPushes * size.proxies && count === wantedCount * size.proxies) continue;
    throw new Error(
      `${size.changes} ${type} changes: ${pushes} ${name} pushes with ${count} resources, ` +
        `not ${wantedPushes * size.proxies} with ${wantedCount * size.proxies}`,
    );
  }
}

/** The value that a share of the totals does not exceed (nearest rank). */
function totalsOf({ samples }: Series): readonly number[] {
  return samples.map(({ total }) => total);
}

function summarise(series: Series): object {
  const mean = (pick: (sample: Sample) => number): number =>
    series.samples.reduce((sum, sample) => sum + pick(sample), 0) / series.samples.length;
  return {
    changes: series.samples.length,
    total: {
      p50: quantile(totalsOf(series), 0.5),
      p90: quantile(totalsOf(series), 0.9),
      p99: quantile(totalsOf(series), 0.99),
      max: quantile(totalsOf(series), 1),
    },
    meanUntilFirstProxy: mean(({ first }) => first),
    meanUntilLastProxy: mean(({ last }) => last),
    pilotCpuPerChange: series.pilotCpu,
    fleetCpuPerChange: mean(({ fleetCpu }) => fleetCpu),
    sentPerChange: Object.fromEntries(
      Object.entries(series.sent).map(([type, { pushes, resources, bytes }]) => [
        type,
        {
          pushes: pushes / size.changes,
          resources: resources / size.changes,
          bytes: bytes / size.changes,
        },
      ]),
    ),
  };
}

interface Report {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly size: object;
  readonly targets: object;
  readonly figures: Figures;
  readonly details: object;
}

async function report(result: Report): Promise<void> {
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value;
  await writeFile(join(folder, 'scale.json'), `${JSON.stringify(result, round, 2)}\n`);
  console.log(JSON.stringify(result.details, round, 2));
  for (const [name, target] of Object.entries(targets)) {
    const value = result.figures[name as keyof Figures];
    if (value > target) process.exitCode = 1;
    const verdict = value <= target ? 'met' : 'MISSED';
    console.log(
      `${name.padEnd(28)} ${value.toFixed(1).padStart(8)}   target ${target}: ${verdict}`,
    );
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}
