/**
 * Times that somebody notices who works with a running stack: `npx tsx bench/start-to-routed.ts [project] [address]`, after
 * `docker compose up --wait`. From the start of an application's container to the first request that is routed to it, and
 * from a rule to the last sidecar that has it in force.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { docker, logsOf } from '../test/e2e/docker.ts';
import { startCalls, type Sample } from '../test/e2e/traffic.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './quantile.ts';

const [project = 'composemesh', address = '127.0.0.1'] = process.argv.slice(2);
const rounds = 20;
const pilot = `http://${address}:8080`;
const targets = { 'start to routed p95 (ms)': 1000, 'rule to acknowledged p95 (ms)': 300 };

function containerOf(service: string): string {
  return `${project}-${service}-1`;
}

/** One start of the application; all times in ms after Docker had its process running. */
interface Start {
  /** The registrator had it in Consul. */
  readonly registered: number;
  /** The first request for it had reached its proxy; until the application listens, callers try another one. */
  readonly routed: number;
  /** The application itself said that it listens. */
  readonly listening: number;
  /** The first request that it answered was sent. */
  readonly sent: number;
  /** It was answered. */
  readonly served: number;
}

async function measureStart(): Promise<Start> {
  const app = containerOf('reviews-v2');
  await docker('stop', app);
  const calls = await startCalls(containerOf('productpage-v1'), ['http://reviews:9080/health'], 10);
  await delay(500);
  await docker('start', app);
  const state = await docker('inspect', '--format', '{{.State.StartedAt}}', app);
  const startedAt = Date.parse(state);
  const isServed = ({ at, version }: Sample): boolean => at >= startedAt && version === 'v2';
  while (!calls.samples.some(isServed)) await delay(20);
  const samples = await calls.stop();
  const [first] = samples
    .filter(isServed)
    .toSorted((left, right) => left.at + left.ms - (right.at + right.ms));
  if (first === undefined) throw new Error('a sample is lost');
  // Envoy writes its access log once a second.
  await delay(1200);
  const [registered, routed, listening] = await Promise.all([
    firstLogTime(containerOf('registrator'), state, /reviews.*"registered"/),
    firstRequestTime(containerOf('reviews-v2-sidecar'), state),
    firstLogTime(app, state, /listening on/),
  ]);
  return {
    registered: registered - startedAt,
    routed: routed - startedAt,
    listening: listening - startedAt,
    sent: first.at - startedAt,
    served: first.at + first.ms - startedAt,
  };
}

/** When a container first wrote a line like this after `since` (ms since the epoch). */
async function firstLogTime(container: string, since: string, pattern: RegExp): Promise<number> {
  const log = await logsOf(container, '--timestamps', '--since', since);
  const line = log.split('\n').find((text) => pattern.test(text));
  if (line === undefined) throw new Error(`${container} did not say ${String(pattern)}`);
  return Date.parse(line.split(' ')[0] ?? '');
}

/** When the first inbound request after `since` came, by the access log of a sidecar (ms since the epoch). */
async function firstRequestTime(sidecar: string, since: string): Promise<number> {
  const log = await logsOf(sidecar, '--since', since);
  const times = log.split('\n').flatMap((line) => {
    const [, time] = /^\[([^\]]+Z)\] "GET \/health .* inbound\|9080\|\| /.exec(line) ?? [];
    return time === undefined || Date.parse(time) < Date.parse(since) ? [] : [Date.parse(time)];
  });
  if (times.length === 0) throw new Error(`${sidecar} got no request`);
  return Math.min(...times);
}

/** One change of a rule; all times in ms after the request was sent. */
interface Change {
  /** pilot had stored it. */
  readonly answered: number;
  /** The last Envoy had it in force. */
  readonly inForce: number;
  /** pilot had heard so from all; looked at every 5 ms, for 1 s. */
  readonly acknowledged: number;
}

const rules = `${pilot}/apis/networking.istio.io/v1/namespaces/default/virtualservices`;
const rule = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'bench', namespace: 'default' },
  spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host: 'reviews' } }] }] },
};

async function measureChange(round: number, sidecars: readonly string[]): Promise<Change> {
  const before = await Promise.all(sidecars.map(readRoutes));
  const spec = { http: [{ ...rule.spec.http[0], timeout: `${round + 1}s` }] };
  const sent = Date.now();
  await send('PATCH', `${rules}/bench`, 'application/merge-patch+json', { spec });
  const answered = Date.now();
  const synced = await recordSynced(sidecars.length, answered + 1000);
  const after = await Promise.all(
    sidecars.map((sidecar, index) => untilNew(sidecar, before[index]?.version)),
  );
  const inForce = Math.max(...after.map(({ since }) => since));
  // Before that pilot may say so of the rule that went before.
  const acknowledged = synced.find(({ asked }) => asked >= inForce)?.heard ?? Infinity;
  return {
    answered: answered - sent,
    inForce: inForce - sent,
    acknowledged: acknowledged - sent,
  };
}

interface Routes {
  readonly version: string;
  /** Since when they are in force, by Envoy's clock (ms since the epoch). */
  readonly since: number;
}

/** The route table of port 9080 that an Envoy has in force. */
async function readRoutes(sidecar: string): Promise<Routes> {
  const script = `
    exec 3<>/dev/tcp/127.0.0.1/15000
    printf 'GET /stats?filter=rds.9080 HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n' >&3
    cat <&3`;
  const stats = await docker('exec', sidecar, 'bash', '-c', script);
  const [, version = ''] = /rds\.9080\.version_text: "(.*)"/.exec(stats) ?? [];
  const [, since = ''] = /rds\.9080\.config_reload_time_ms: (\d+)/.exec(stats) ?? [];
  return { version, since: Number(since) };
}

async function untilNew(sidecar: string, old: string | undefined): Promise<Routes> {
  for (;;) {
    const routes = await readRoutes(sidecar);
    if (routes.version !== old) return routes;
  }
}

interface Sighting {
  readonly asked: number;
  readonly heard: number;
}

/** At which times until `end` pilot had heard from all proxies that they have what it sent. */
async function recordSynced(count: number, end: number): Promise<readonly Sighting[]> {
  const times: Sighting[] = [];
  for (;;) {
    const asked = Date.now();
    if (asked > end) return times;
    const reply = await fetch(`${pilot}/debug/proxies`);
    const proxies = (await reply.json()) as readonly { readonly synced: boolean }[];
    if (proxies.length === count && proxies.every(({ synced }) => synced)) {
      times.push({ asked, heard: Date.now() });
    }
    await delay(5);
  }
}

async function send(method: string, url: string, type: string, body?: object): Promise<void> {
  const reply = await fetch(url, {
    method,
    headers: { 'content-type': type },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!reply.ok) throw new Error(`${method} ${url}: ${reply.status} ${await reply.text()}`);
}

async function measureChanges(): Promise<readonly Change[]> {
  const filters = [`label=com.docker.compose.project=${project}`, 'label=composemesh.role=sidecar'];
  const names = await docker(
    ...['ps', '--format', '{{.Names}}', ...filters.flatMap((filter) => ['--filter', filter])],
  );
  const sidecars = names.split('\n');
  await send('POST', rules, 'application/json', rule);
  try {
    await recordSynced(sidecars.length, Date.now() + 1000);
    const changes: Change[] = [];
    for (let round = 0; round < rounds; round++) {
      await delay(200);
      changes.push(await measureChange(round, sidecars));
    }
    return changes;
  } finally {
    await send('DELETE', `${rules}/bench`, 'application/json');
  }
}

/** p50 and p95 of each time. */
function summarize(rows: readonly (Start | Change)[]): Record<string, object> {
  const times = rows.map((row) => new Map<string, number>(Object.entries(row)));
  const keys = [...(times[0]?.keys() ?? [])];
  const columns = keys.map((key) => [key, times.map((row) => row.get(key) ?? NaN)] as const);
  return Object.fromEntries(
    columns.map(([key, values]) => [
      key,
      { p50: quantile(values, 0.5), p95: quantile(values, 0.95) },
    ]),
  );
}

async function main(): Promise<void> {
  const machine = describeMachine();
  const changes = await measureChanges();
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round++) starts.push(await measureStart());
  const figures = {
    'start to routed p95 (ms)': quantile(
      starts.map(({ routed }) => routed),
      0.95,
    ),
    'rule to acknowledged p95 (ms)': quantile(
      changes.map(({ acknowledged }) => acknowledged),
      0.95,
    ),
  };
  const result = {
    machine,
    targets,
    figures,
    details: { starts: summarize(starts), changes: summarize(changes) },
    rows: { starts, changes },
  };
  const folder = join(import.meta.dirname, 'results');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'start-to-routed.json'), `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify({ figures, details: result.details }, null, 2));
}

await main();
