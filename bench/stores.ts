/**
 * Config stores with many objects: how long a start takes, what a write costs, how many writes ten clients get done,
 * how soon another pilot sees one. `npm run bench:stores -- --objects 10000`; writes results/stores.json. Exit code 1 when a
 * target is missed. See README.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../kit/clock.ts';
import { forEachConcurrently } from '../kit/concurrent.ts';
import { createLog } from '../kit/log.ts';
import { keyOf } from '../pilot/api/kinds.ts';
import { openConsulStore } from '../pilot/store/consul-store.ts';
import { openDirStore } from '../pilot/store/dir-store.ts';
import type { ConfigStore } from '../pilot/store/store.ts';
import { virtualServiceObject } from '../test/support/config-objects.ts';
import { TestConsul } from '../test/support/consul.ts';
import { untilValue } from '../test/support/until-value.ts';
import { probeDisk } from './disk.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './quantile.ts';
import { judge } from './verdict.ts';
import { quantilesOf } from './writes.ts';

const { values: flags } = parseArgs({
  options: { objects: { type: 'string', default: '10000' } },
});
const count = Number(flags.objects);
const samples = 100;
const writers = 10;
const log = createLog('bench', 'silent');

interface Figures {
  /** Writing them all into an empty store, ten at a time (s). */
  readonly fillSeconds: number;
  /** From opening to all in force (s). */
  readonly loadSeconds: number;
  /** Of the process, with the objects loaded once (MB). */
  readonly heapMegabytes: number;
  /** One write among them (ms). */
  readonly writeP50: number;
  readonly writeP95: number;
  /** CPU time of this process for one write (ms). */
  readonly writeCpu: number;
  /** What one client gets done, and what ten get done together (writes/s). */
  readonly alonePerSecond: number;
  readonly togetherPerSecond: number;
  /** From the beginning of a write until another store on the same place has it (ms). */
  readonly seenP50: number;
  readonly seenP95: number;
}

async function measure(open: () => Promise<ConfigStore>): Promise<Figures> {
  const first = await open();
  const fillStart = performance.now();
  await inTurns(writers, count, async (index) => {
    await first.create(virtualServiceObject(`service-${index}`, 'v1', `team-${index % 50}`));
  });
  const fillSeconds = (performance.now() - fillStart) / 1000;
  await first.close();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const loadStart = performance.now();
  const store = await open();
  const loadSeconds = (performance.now() - loadStart) / 1000;
  globalThis.gc?.();
  const heapMegabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  const cpuBefore = process.cpuUsage();
  const writes = await times(async (turn) => {
    await store.replace(virtualServiceObject('service-77', `v${turn}`, 'team-27'));
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const writing = async (clients: number): Promise<number> => {
    const begun = performance.now();
    await inTurns(clients, burst, async (index) => {
      const target = index % count;
      const subset = `burst-${clients}-${index}`;
      const team = `team-${target % 50}`;
      await store.replace(virtualServiceObject(`service-${target}`, subset, team));
    });
    return (burst / (performance.now() - begun)) * 1000;
  };
  const alone = await writing(1);
  const together = await writing(writers);
  const other = await open();
  const key = keyOf(virtualServiceObject('service-78', 'v1', 'team-28'));
  const seen = await times(async (turn) => {
    const object = virtualServiceObject('service-78', `v${turn}`, 'team-28');
    const arrival = untilValue(
      other.resources,
      () => JSON.stringify(other.get(key)?.spec) === JSON.stringify(object.spec),
    );
    await store.replace(object);
    await arrival;
  });
  await store.close();
  await other.close();
  return {
    fillSeconds: round(fillSeconds),
    loadSeconds: round(loadSeconds),
    heapMegabytes: round(heapMegabytes),
    writeP50: round(quantile(writes, 0.5)),
    writeP95: round(quantile(writes, 0.95)),
    writeCpu: round((user + system) / 1000 / samples),
    alonePerSecond: round(alone),
    togetherPerSecond: round(together),
    seenP50: round(quantile(seen, 0.5)),
    seenP95: round(quantile(seen, 0.95)),
  };
}

/** So many writes show what one or ten clients get done. */
const burst = 300;

/** Calls `action` with 0 to `length`, at most `clients` at a time. */
async function inTurns(
  clients: number,
  length: number,
  action: (index: number) => Promise<void>,
): Promise<void> {
  const indexes = Array.from({ length }, (_, index) => index);
  await forEachConcurrently(indexes, clients, action);
}

async function times(action: (turn: number) => Promise<void>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let turn = 0; turn < samples; turn += 1) {
    const start = performance.now();
    await action(turn);
    taken.push(performance.now() - start);
  }
  return taken;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

async function measureDir(): Promise<Figures> {
  const path = await mkdtemp(join(tmpdir(), 'composemesh-bench-'));
  try {
    return await measure(() => openDirStore({ path, clock: systemClock, log }));
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function measureConsul(): Promise<Figures> {
  const consul = await TestConsul.start();
  const { client } = consul;
  try {
    return await measure(() =>
      openConsulStore({ client, prefix: 'bench/config', clock: systemClock, log }),
    );
  } finally {
    await consul.stop();
  }
}

const targets = {
  'write, dir, p95 (ms)': 3,
  'write, consul, p95 (ms)': 3,
  'seen by another pilot, dir, p95 (ms)': 1000,
  'seen by another pilot, consul, p95 (ms)': 1000,
} as const;

const machine = describeMachine();
const disk = quantilesOf(await probeDisk(200));
const dir = await measureDir();
console.log({ objects: count, disk, dir });
const consul = await measureConsul();
console.log({ consul });
const result = { machine, objects: count, targets, disk, dir, consul };
await writeFile(
  new URL('results/stores.json', import.meta.url),
  `${JSON.stringify(result, null, 2)}\n`,
);
judge(targets, {
  'write, dir, p95 (ms)': dir.writeP95,
  'write, consul, p95 (ms)': consul.writeP95,
  'seen by another pilot, dir, p95 (ms)': dir.seenP95,
  'seen by another pilot, consul, p95 (ms)': consul.seenP95,
});
