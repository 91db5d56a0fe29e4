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
    await untilAgreed(await runningInstances());
    return this.#seconds();
  }

  /** Waits until all is as it was before; seconds since `from`, else since the end of the part. */
  async untilWhole(from = this.#endedAt): Promise<number> {
    await untilAgreed(this.#before);
    await untilConnected();
    return (Date.now() - from) / 1000;
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

  #seconds(): number {
    return (Date.now() - this.#endedAt) / 1000;
  }
}

/** Its id on the host; 0 while the container does not run. */
function mainProcess(service: string): Promise<string> {
  return docker('inspect', '--format', '{{.State.Pid}}', containerOf(service));
}

/** Waits until Consul, pilot and every Envoy believe in these instances and no others. */
async function untilAgreed(expected: Instances): Promise<void> {
  let views: Readonly<Record<string, unknown>> = {};
  const agreed = until(
    'agreement',
    async () => {
      views = await collectViews();
      await delay(100);
      return Object.values(views).every((view) => isDeepStrictEqual(view, expected));
    },
    patience,
  );
  await agreed.catch(() => {
    throw new Error(`${JSON.stringify(expected)} expected, but: ${JSON.stringify(views, null, 2)}`);
  });
}

async function collectViews(): Promise<Readonly<Record<string, unknown>>> {
  const sidecars = await runningSidecars();
  const asked: readonly (readonly [string, Promise<Instances>])[] = [
    ['containers', runningInstances()],
    ['Consul', consulInstances()],
    ['pilot', pilotInstances()],
    ...sidecars.map((sidecar) => [sidecar, envoyInstances(sidecar)] as const),
  ];
  const views = asked.map(async ([name, view]) => [name, await view.catch(String)] as const);
  return Object.fromEntries(await Promise.all(views));
}

async function untilConnected(): Promise<void> {
  const sidecars = await runningSidecars();
  await until(
    'all proxies at pilot',
    async () => {
      const proxies = await getJson<readonly { readonly synced: boolean }[]>(
        `${pilot}/debug/proxies`,
      ).catch(() => []);
      return proxies.length === sidecars.length && proxies.every(({ synced }) => synced);
    },
    patience,
  );
}
