/**
 * Delivery to many sidecars: `npx tsx bench/ads.ts [streams] [services]`. Measures from publishing a snapshot until every
 * stream has acknowledged all of it; the clients run in a second process and only parse what they must.
 */
import { createLog } from '../kit/log.ts';
import { AdsServer } from '../pilot/ads/server.ts';
import type { Snapshot } from '../pilot/xds/resource.ts';
import { FixedSource } from '../test/feature/fixed-source.ts';
import {
  edsCluster,
  endpoints,
  httpListener,
  routes,
  snapshotOf,
} from '../test/feature/xds-fixture.ts';
import { openFleet } from './fleet-process.ts';

const [first = '300', second = '300'] = process.argv.slice(2);
const streams = Number(first);
const names = Array.from(
  { length: Number(second) },
  (_, index) => `outbound|9080||service-${index}.service.consul`,
);

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

async function serve(): Promise<void> {
  const source = new FixedSource();
  const server = new AdsServer({ source, log: createLog('bench', 'silent') });
  const bound = await server.listen('127.0.0.1:0');
  const idle = process.memoryUsage().rss;
  const fleet = openFleet();
  fleet.send({ kind: 'connect', server: bound, proxies: streams });
  while (source.nodes.length < streams) await new Promise((resolve) => setTimeout(resolve, 20));
  const connected = process.memoryUsage().rss;

  const push = async (snapshot: Snapshot): Promise<Cost> => {
    const sent = totalBytes(server);
    const cpu = process.cpuUsage();
    const start = performance.now();
    source.set(snapshot);
    await server.whenSynced();
    const used = process.cpuUsage(cpu);
    return {
      ms: performance.now() - start,
      cpuMs: (used.user + used.system) / 1000,
      bytes: totalBytes(server) - sent,
    };
  };

  const base = snapshotOf({
    cluster: names.map((name) => edsCluster(name)),
    endpoint: names.map((name) => endpoints(name, 1, 2, 3)),
    listener: [httpListener('0.0.0.0_9080', 9080, '9080')],
    route: [routes('9080', names)],
  });
  report('cold sync', [await push(base)]);
  const changes: Readonly<Record<string, (revision: number) => Snapshot>> = {
    'one endpoint': (revision) => ({
      ...base,
      endpoint: snapshotOf({
        endpoint: names.map((name, index) => endpoints(name, 1, 2, index === 7 ? revision : 3)),
      }).endpoint,
    }),
    'one route configuration': (revision) => ({
      ...base,
      route: snapshotOf({ route: [routes('9080', names, revision)] }).route,
    }),
    'one cluster': (revision) => ({
      ...base,
      cluster: snapshotOf({
        cluster: names.map((name, index) => edsCluster(name, index === 7 ? revision : 0)),
      }).cluster,
    }),
  };
  for (const [name, change] of Object.entries(changes)) {
    const costs: Cost[] = [];
    for (let revision = 10; revision < 40; revision += 1) costs.push(await push(change(revision)));
    await push(base);
    report(name, costs);
  }
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const now = process.memoryUsage().rss;
  console.log(`RSS MiB: idle ${mib(idle)}, connected ${mib(connected)}, at the end ${mib(now)}`);
  await fleet.close();
  await server.close();
}

function totalBytes(server: AdsServer): number {
  return Object.values(server.counters().types).reduce((sum, { bytes }) => sum + bytes, 0);
}

function report(what: string, costs: readonly Cost[]): void {
  const sorted = (key: keyof Cost): number[] =>
    costs.map((cost) => cost[key]).sort((a, b) => a - b);
  const median = (key: keyof Cost): number => sorted(key)[costs.length >> 1] ?? 0;
  console.log(
    `${what}: ${median('ms').toFixed(1)} ms until all have acknowledged (max ${(sorted('ms').at(-1) ?? 0).toFixed(1)}), ` +
      `server CPU ${median('cpuMs').toFixed(1)} ms, ${(median('bytes') / streams).toFixed(0)} bytes a stream`,
  );
}

await serve();
