/** Ends a part of the running stack while requests go through it, and tells what became of them. */
import { isDeepStrictEqual } from 'node:util';
import { delay } from '../../kit/lifecycle.ts';
import { until } from '../support/until.ts';
import { bookinfo } from './bookinfo.ts';
import { docker } from './docker.ts';
import {
  consulInstances,
  envoyInstances,
  EnvoyWatch,
  pilotInstances,
  runningInstances,
  type Instances,
} from './mesh-view.ts';
import { containerOf, getJson, pilot, runningSidecars } from './stack.ts';
import { startCalls, startPages, type Sample, type Traffic } from './traffic.ts';

/** Milliseconds between calls from the workload productpage, and between pages. */
const callInterval = 50;
const pageInterval = 200;

/** How long to wait for what must hold within 10 s: a late recovery is reported with its time (ms). */
const patience = 60_000;

export interface Failure {
  /** Milliseconds after the part ended; negative before. */
  readonly after: number;
  readonly url: string;
  readonly fault: string;
}

export class Outage {
  readonly #calls: Traffic;
  readonly #pages: Traffic;
  readonly #watch: EnvoyWatch;
  readonly #before: Instances;
  #endedAt = 0;

  private constructor(calls: Traffic, watch: EnvoyWatch, before: Instances) {
    this.#calls = calls;
    this.#pages = startPages(`${bookinfo}/productpage`, pageInterval);
    this.#watch = watch;
    this.#before = before;
  }

  /** Waits until the mesh is whole, then starts the requests: calls of `url`, and pages. */
  static async prepare(url: string): Promise<Outage> {
    await untilAgreed(await runningInstances());
    const watch = new EnvoyWatch('productpage-v1');
    await until('the watch', () => watch.sightings.length > 0);
    const calls = await startCalls(containerOf('productpage-v1'), [url], callInterval);
    const outage = new Outage(calls, watch, await runningInstances());
    await delay(1000);
    return outage;
  }

  /** Ends the part by `docker COMMAND`; the clock of the outage begins. */
  async docker(...command: readonly string[]): Promise<void> {
    this.#endedAt = Date.now();
    await docker(...command);
  }

  /** Kills the main process of a container as a crash would, and waits until Docker has started it again. */
  async crash(service: string): Promise<void> {
    const pid = await mainProcess(service);
    // The part ends some time after this container was asked for, so its clock is the one that counts.
    const time = await docker(
      ...['run', '--rm', '--pid', 'host', '--network', 'none', '--entrypoint', 'sh'],
      ...['composemesh/pod:dev', '-c', `date +%s%3N; kill -9 ${pid}`],
    );
    this.#endedAt = Number(time);
    await until(
      `another process of ${service}`,
      async () => !['0', pid].includes(await mainProcess(service)),
      patience,
    );
  }

  /** Waits until nobody believes in an instance that does not run; seconds since the end of the part. */
  async untilAvoided(): Promise<number> {
    const avoidedAt = await untilAgreed(await runningInstances());
    return (avoidedAt - this.#endedAt) / 1000;
  }

  /** Waits until all is as it was before; seconds since `from`, else since the end of the part. */
  async untilWhole(from = this.#endedAt): Promise<number> {
    const connected = untilConnected();
    const agreedAt = await untilAgreed(this.#before);
    return (Math.max(agreedAt, await connected) - from) / 1000;
  }

  /** Ends the requests and tells which were not served. */
  async end(): Promise<{ readonly failures: readonly Failure[]; readonly requests: number }> {
    const [calls, pages] = await Promise.all([this.#calls.stop(), this.#pages.stop()]);
    await this.#watch.close();
    const samples = [...calls, ...pages];
    const failures = samples.flatMap(({ at, url, fault }: Sample) =>
      fault === undefined ? [] : [{ after: at - this.#endedAt, url, fault }],
    );
    return { failures, requests: samples.length };
  }

  /** Every other set of members that the caller's Envoy got since the requests began. */
  get changes(): readonly string[] {
    return this.#watch.sightings
      .slice(1)
      .map(({ at, instances }) => `+${at - this.#endedAt} ms ${JSON.stringify(instances)}`);
  }
}

/** Its id on the host; 0 while the container does not run. */
function mainProcess(service: string): Promise<string> {
  return docker('inspect', '--format', '{{.State.Pid}}', containerOf(service));
}

/**
 * Waits until Consul, pilot and every Envoy believe in these instances and no others; when that was so (ms since
 * the epoch). The Envoys are asked last: on a busy machine that takes longer than a recovery.
 */
async function untilAgreed(expected: Instances): Promise<number> {
  const look = async (views: () => Promise<Views>): Promise<number> => {
    let seen: Views = {};
    const agreed = until(
      'agreement',
      async () => {
        const lookedAt = Date.now();
        seen = await views();
        if (Object.values(seen).every((view) => isDeepStrictEqual(view, expected))) return lookedAt;
        await delay(50);
        return undefined;
      },
      patience,
    );
    return agreed.catch(() => {
      throw new Error(`${JSON.stringify(expected)} expected: ${JSON.stringify(seen, null, 2)}`);
    });
  };
  await look(viewsOfControlPlane);
  return look(viewsOfProxies);
}

type Views = Readonly<Record<string, Instances | string>>;

function viewsOfControlPlane(): Promise<Views> {
  return collectViews([
    ['containers', runningInstances()],
    ['Consul', consulInstances()],
    ['pilot', pilotInstances()],
  ]);
}

async function viewsOfProxies(): Promise<Views> {
  const sidecars = await runningSidecars();
  return collectViews(sidecars.map((sidecar) => [sidecar, envoyInstances(sidecar)] as const));
}

/** What cannot be asked is an opinion of its own: its error. */
async function collectViews(
  asked: readonly (readonly [string, Promise<Instances>])[],
): Promise<Views> {
  const views = asked.map(async ([name, view]) => [name, await view.catch(String)] as const);
  return Object.fromEntries(await Promise.all(views));
}

/** Waits until all proxies are connected to pilot and have what it sent; when that was so. */
async function untilConnected(): Promise<number> {
  const sidecars = await runningSidecars();
  return until(
    'all proxies at pilot',
    async () => {
      const proxies = await getJson<readonly { readonly synced: boolean }[]>(
        `${pilot}/debug/proxies`,
      ).catch(() => []);
      const connected = proxies.length === sidecars.length && proxies.every(({ synced }) => synced);
      return connected ? Date.now() : undefined;
    },
    patience,
  );
}
