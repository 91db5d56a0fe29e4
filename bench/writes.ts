import { Lifecycle } from '../kit/lifecycle.ts';
import { createLog } from '../kit/log.ts';
import { systemClock as clock } from '../kit/clock.ts';
import { WatchedCell } from '../kit/watched.ts';
import { LiveAnalysis } from '../pilot/analysis/live-analysis.ts';
import type { RegisteredService } from '../pilot/model/service.ts';
import { Pipeline } from '../pilot/push/pipeline.ts';
import type { ConfigStore } from '../pilot/store/store.ts';
import { type ApiServer, startApiServer } from '../test/support/api-server.ts';
import { virtualServiceObject } from '../test/support/config-objects.ts';
import { quantile } from './quantile.ts';

export interface Times {
  /** CPU time of this process for each write, with the making of the request (ms): what others do does not count. */
  readonly cpu: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Writes before those that are measured, in counts of these: V8 still compiles what is often run for some 2,000 writes. */
const warmUpRounds = 3;

const domain = 'service.consul';
const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';

/**
 * Handling of `count` writes as in a pilot, with its analysis and its model, from the request to the encoded answer and
 * without a network; half are new objects, half changes. Closes the store.
 */
export async function measureWrites(
  store: ConfigStore,
  { stored, count }: { readonly stored: number; readonly count: number },
): Promise<Times> {
  const lifecycle = new Lifecycle();
  lifecycle.add(store);
  try {
    await Promise.all(
      Array.from({ length: stored }, (_, index) => store.create(ruleOf(`stored-${index}`, 'v1'))),
    );
    const catalog = new WatchedCell<readonly RegisteredService[]>();
    catalog.set(Array.from({ length: stored }, (_, index) => serviceOf(`stored-${index}`)));
    const analysis = lifecycle.add(new LiveAnalysis({ store, catalog, domain, clock }));
    const { resources } = store;
    const log = createLog('bench', 'error');
    lifecycle.add(new Pipeline({ catalog, resources, domain, mesh: {}, clock, log })).start();
    const server = lifecycle.add(await startApiServer({ store, analysis }));
    const warmUp = warmUpRounds * count;
    for (let index = 0; index < warmUp; index += 1) await write(server, index, stored);
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let index = 0; index < count; index += 1) {
      times.push(await write(server, warmUp + index, stored));
    }
    const { user, system } = process.cpuUsage(before);
    return { cpu: (user + system) / 1000 / count, ...quantilesOf(times) };
  } finally {
    await lifecycle.close();
  }
}

export function quantilesOf(times: readonly number[]): Omit<Times, 'cpu'> {
  const at = (share: number): number => quantile(times, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

const ruleOf = virtualServiceObject;

function serviceOf(name: string): RegisteredService {
  return {
    hostname: `${name}.${domain}`,
    namespace: 'default',
    ports: [{ number: 80, name: 'http', protocol: 'http' }],
    resolution: 'static',
    endpoints: [
      { address: '10.0.0.1', port: 80, servicePort: 80, labels: { version: 'v1' } },
      { address: '10.0.0.2', port: 80, servicePort: 80, labels: { version: 'v2' } },
    ],
  };
}

/** Rules for services that there are, each with a subset that is missing, so there is something to warn of. */
async function write(server: ApiServer, index: number, stored: number): Promise<number> {
  const isNew = index % 2 === 0;
  const name = isNew ? `new-${index}` : `stored-${index % stored}`;
  const rule = ruleOf(`stored-${index % stored}`, `v${index}`);
  const start = performance.now();
  const { statusCode, payload } = await server.inject({
    method: isNew ? 'POST' : 'PATCH',
    url: `${isNew ? collection : `${collection}/${name}`}?fieldValidation=Strict&fieldManager=bench`,
    headers: { 'content-type': isNew ? 'application/json' : 'application/merge-patch+json' },
    payload: JSON.stringify({ ...rule, metadata: { ...rule.metadata, name } }),
  });
  const time = performance.now() - start;
  if (statusCode >= 300) throw new Error(`a write was answered with ${statusCode} ${payload}`);
  return time;
}
