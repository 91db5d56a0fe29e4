/**
 * Config stores with many objects: how long a start takes, what a write costs, how soon another pilot sees it.
 * `npm run bench:stores [objects]`; writes results/stores.json.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../kit/clock.ts';
import { createLog } from '../kit/log.ts';
import { keyOf } from '../pilot/api/kinds.ts';
import { openConsulStore } from '../pilot/store/consul-store.ts';
import { openDirStore } from '../pilot/store/dir-store.ts';
import type { ConfigStore } from '../pilot/store/store.ts';
import { virtualServiceObject } from '../test/support/config-objects.ts';
import { TestConsul } from '../test/support/consul.ts';
import { untilValue } from '../test/support/until-value.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './quantile.ts';

const count = Number(process.argv[2] ?? 10_000);
const samples = 100;
const log = createLog('bench', 'silent');

interface Figures {
  /** Writing them all into an empty store, one after the other (s). */
  readonly fillSeconds: number;
  /** From opening to all in force (s). */
  readonly loadSeconds: number;
  /** Of the process, with the objects loaded once (MB). */
  readonly heapMegabytes: number;
  /** One write among them (ms). */
  readonly writeP50: number;
  readonly writeP95: number;
  /** From the beginning of a write until another store on the same place has it (ms). */
  readonly seenP50: number;
  readonly seenP95: number;
}

async function measure(open: () => Promise<ConfigStore>): Promise<Figures> {
  const first = await open();
  const fillStart = performance.now();
  for (let index = 0; index < count; index += 1) {
    await first.create(virtualServiceObject(`service-${index}`, 'v1', `team-${index % 50}`));
  }
  const fillSeconds = (performance.now() - fillStart) / 1000;
  await first.close();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const loadStart = performance.now();
  const store = await open();
  const loadSeconds = (performance.now() - loadStart) / 1000;
  globalThis.gc?.();
  const heapMegabytes = (process.memoryUsage().heapUsed - before) / 1e6;
  const writes = await times(async (turn) => {
    await store.replace(virtualServiceObject('service-77', `v${turn}`, 'team-27'));
  });
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
    seenP50: round(quantile(seen, 0.5)),
    seenP95: round(quantile(seen, 0.95)),
  };
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

const result = {
  machine: describeMachine(),
  objects: count,
  dir: await measureDir(),
  consul: await measureConsul(),
};
await writeFile(
  new URL('results/stores.json', import.meta.url),
  `${JSON.stringify(result, null, 2)}\n`,
);
console.log(result);
