/**
 * Delivery to many sidecars: `npx tsx bench/ads.ts [streams] [services]`. Measures from publishing a snapshot until every
 * stream has acknowledged all of it; the clients run in a second process and only parse what they must.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Client, credentials } from '@grpc/grpc-js';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { createLog } from '../kit/log.ts';
import { AdsServer } from '../pilot/ads/server.ts';
import { DeltaDiscoveryRequestSchema } from '../pilot/proto/messages.ts';
import { encode } from '../pilot/proto/writer.ts';
import type { Snapshot } from '../pilot/xds/resource.ts';
import { xdsTypes } from '../pilot/xds/resource.ts';
import { FixedSource } from '../test/feature/fixed-source.ts';
import {
  edsCluster,
  endpoints,
  httpListener,
  routes,
  snapshotOf,
} from '../test/feature/xds-fixture.ts';

const [first = '300', second = '300', role = 'server', address = ''] = process.argv.slice(2);
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
  const clients = fork(import.meta.filename, [first, second, 'clients', bound]);
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
  clients.kill();
  await once(clients, 'exit');
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

function connect(index: number): void {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
  });
  const stream = client.makeBidiStreamRequest<Uint8Array, Buffer>(
    '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    (bytes) => Buffer.from(bytes),
    (bytes) => bytes,
  );
  const send = (
    typeUrl: string,
    responseNonce: string,
    subscribe: readonly string[] = [],
  ): void => {
    stream.write(
      encode(DeltaDiscoveryRequestSchema, {
        node: { id: `sidecar~127.0.0.1~app-${index}.default~service.consul` },
        typeUrl,
        responseNonce,
        resourceNamesSubscribe: subscribe,
      }),
    );
  };
  const asked = new Set<string>();
  stream.on('error', () => undefined);
  stream.on('data', (bytes: Buffer) => {
    const { typeUrl, nonce } = parse(bytes);
    const next = typeUrl === xdsTypes.cluster ? xdsTypes.endpoint : xdsTypes.route;
    const asks = typeUrl === xdsTypes.cluster || typeUrl === xdsTypes.listener;
    if (asks && !asked.has(next)) {
      asked.add(next);
      send(next, '', next === xdsTypes.endpoint ? names : ['9080']);
    }
    send(typeUrl, nonce);
  });
  send(xdsTypes.cluster, '');
  send(xdsTypes.listener, '');
}

function parse(bytes: Uint8Array): { typeUrl: string; nonce: string } {
  const reader = new BinaryReader(bytes);
  const found = { typeUrl: '', nonce: '' };
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 4) found.typeUrl = reader.string();
    else if (field === 5) found.nonce = reader.string();
    else reader.skip(wireType);
  }
  return found;
}

if (role === 'clients') for (let index = 0; index < streams; index += 1) connect(index);
else await serve();
