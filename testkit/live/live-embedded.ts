import { Agent, request as startRequest } from 'node:http';
import { Lifecycle } from '../../kit/lifecycle.ts';
import { type Outcome, measureOutcome, readAnswer } from '../../kit/http-outcome.ts';
import { FileFollower, LiveLog } from './live-log.ts';
import type { LiveSite } from './live-mesh.ts';
import type { LiveWorkload } from './live-workload.ts';
import type { TestRequest } from '../mesh/observation.ts';

/** The part of /debug/local that is needed (local/view.ts). */
export interface EmbeddedView {
  readonly workloads: readonly EmbeddedWorkload[];
}

export interface EmbeddedWorkload {
  readonly name: string;
  readonly service: string;
  readonly version?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  readonly port: number;
  /** URL of the sidecar's HTTP proxy. */
  readonly proxy: string;
  /** Path of a file. */
  readonly accessLog: string;
}

/** A mesh of `cmesh local`: its sidecars are HTTP proxies on this machine, and their logs are files. */
export class EmbeddedSite implements LiveSite {
  readonly log = new LiveLog();
  readonly #lifecycle = new Lifecycle();
  readonly #proxies: ReadonlyMap<string, URL>;
  readonly #agent = this.#lifecycle.add(closing(new Agent({ keepAlive: true })));
  readonly #followers: FileFollower[] = [];

  private constructor(view: EmbeddedView) {
    this.#proxies = new Map(view.workloads.map(({ name, proxy }) => [name, new URL(proxy)]));
  }

  static async open(view: EmbeddedView): Promise<EmbeddedSite> {
    const site = new EmbeddedSite(view);
    try {
      for (const { name, accessLog } of view.workloads) {
        const follower = await FileFollower.open(accessLog, (line) => {
          site.log.take(name, line);
        });
        site.#followers.push(site.#lifecycle.add(follower));
      }
      return site;
    } catch (error) {
      await site.close();
      throw error;
    }
  }

  async send(workload: LiveWorkload, request: TestRequest, timeout: number): Promise<Outcome> {
    const proxy = this.#proxies.get(workload.name);
    if (proxy === undefined || request.url.startsWith('tcp:')) {
      const reason = 'sidecars on a laptop are HTTP proxies: a byte stream cannot be sent';
      return { kind: 'failure', reason, took: 0 };
    }
    return measureOutcome(timeout, (signal) => {
      const { host } = new URL(request.url);
      const outgoing = startRequest({
        agent: this.#agent.agent,
        host: proxy.hostname,
        port: proxy.port,
        method: request.method,
        path: request.url,
        headers: { host, ...request.headers },
        signal,
      });
      return readAnswer(outgoing.end(request.body));
    });
  }

  async readLogs(): Promise<void> {
    await Promise.all(this.#followers.map((follower) => follower.read()));
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }
}

/** The workloads of an embedded mesh, as others find them. */
export function embeddedWorkloads(view: EmbeddedView): readonly LiveWorkload[] {
  return view.workloads.map(({ name, service, version, labels, address, port }) => ({
    name,
    service,
    ...(version === undefined ? {} : { version }),
    labels,
    address,
    places: [{ port, address: `${address}:${port}` }],
  }));
}

function closing(agent: Agent): { readonly agent: Agent; readonly close: () => void } {
  return {
    agent,
    close: () => {
      agent.destroy();
    },
  };
}
