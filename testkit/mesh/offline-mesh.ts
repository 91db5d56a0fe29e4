import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outcome } from '../../kit/http-outcome.ts';
import { systemClock } from '../../kit/clock.ts';
import { OperationError } from '../../kit/errors.ts';
import { Lifecycle, delay } from '../../kit/lifecycle.ts';
import type { Problem } from '../../kit/problem.ts';
import { WatchedCell } from '../../kit/watched.ts';
import { Guardian } from '../../kit/guardian.ts';
import { AdsServer } from '../../pilot/ads/server.ts';
import { analyze } from '../../pilot/analysis/analysis.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { ProxyConfig } from '../../pilot/ir/proxy-config.ts';
import { type Mesh, emptyMesh } from '../../pilot/model/mesh.ts';
import { type View, viewOf } from '../../pilot/model/proxy.ts';
import type { RegisteredService } from '../../pilot/model/service.ts';
import { Pipeline } from '../../pilot/push/pipeline.ts';
import { SharedConfig } from '../../pilot/push/shared-config.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import type { Behaviour } from './backend.ts';
import { Backends } from './backends.ts';
import { Connections, call } from './caller.ts';
import { findListener } from './listener.ts';
import { LogTail } from './log-tail.ts';
import type { CallPlan, Caller, PreparedMesh } from './mesh-under-test.ts';
import type { Arrival, Observation, TestRequest } from './observation.ts';
import { ProxyProcess, accessLogPath } from './proxy-process.ts';
import { quietLog } from './quiet-log.ts';
import { type TestService, hostnameOf, meshDomain, meshNamespace } from './service.ts';

export interface OfflineMeshOptions {
  /** Path of Envoy. */
  readonly envoy: string;
  readonly services: readonly TestService[];
  readonly rules: ResourceSet;
}

interface Calling {
  readonly plan: CallPlan;
  readonly arrivals: Arrival[];
}

interface Proxy {
  readonly process: ProxyProcess;
  readonly log: LogTail;
}

/** What a caller's Envoy is told, before it is put into the words of xDS. */
export interface CallerConfig {
  readonly mesh: Mesh;
  readonly view: View;
  readonly config: ProxyConfig;
  /** Name of the workload whose backend has this ADDRESS:PORT. */
  readonly workloadAt: (address: string) => string | undefined;
}

/** How long an entry of the access log may be on its way (ms). */
const logLimit = 5000;
/** How long an Envoy may take to be ready (ms): a limit for what never comes. */
const startLimit = 30_000;

/**
 * A mesh in which only the callers' side is real, and that wholly: pilot's own pipeline, its ADS stream, and an
 * Envoy for each kind of caller. Behind the services stand backends that say what they got.
 */
export class OfflineMesh implements PreparedMesh {
  readonly concurrency = 32;
  readonly #options: OfflineMeshOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #guardian = this.#lifecycle.add(new Guardian());
  readonly #catalog = new WatchedCell<readonly RegisteredService[]>();
  readonly #rules = new WatchedCell<ResourceSet>();
  readonly #pipeline: Pipeline;
  readonly #ads: AdsServer;
  readonly #calls = new Map<string, Calling>();
  readonly #streams: Arrival[] = [];
  readonly #backends = this.#lifecycle.add(new Backends((id, arrival) => this.#take(id, arrival)));
  readonly #proxies = new Map<string, Promise<Proxy>>();
  #connections = new Connections();
  #folder = '';
  #pilot = '';
  #sourcePort = 1024;

  private constructor(options: OfflineMeshOptions) {
    this.#options = options;
    this.#pipeline = this.#lifecycle.add(
      new Pipeline({
        catalog: this.#catalog,
        resources: this.#rules,
        domain: meshDomain,
        mesh: {},
        clock: systemClock,
        log: quietLog,
      }),
    );
    this.#ads = this.#lifecycle.add(new AdsServer({ source: this.#pipeline, log: quietLog }));
  }

  /** Starts pilot and the backends; an Envoy starts with the first call that needs it. */
  static async start(options: OfflineMeshOptions): Promise<OfflineMesh> {
    const mesh = new OfflineMesh(options);
    try {
      await mesh.#open();
      return mesh;
    } catch (error) {
      await mesh.close();
      throw error;
    }
  }

  /** What is wrong with the rules in this mesh, such as a subset that no DestinationRule has. */
  get problems(): readonly Problem[] {
    const problems = analyze(this.#rules.current() ?? [], {
      domain: meshDomain,
      services: this.#catalog.current() ?? [],
    });
    // Whatever is wrong between rules: they are in force as they are, and the cases are judged.
    return problems
      .filter(({ severity }) => severity !== 'info')
      .map((problem) => ({ ...problem, severity: 'warning' }));
  }

  /** The configuration of a caller, for people who ask what is behind a decision. */
  inspect(caller: Caller): CallerConfig {
    const mesh = this.#pipeline.mesh.current() ?? emptyMesh;
    const id = { type: 'sidecar', address: '', id: caller.workload, domain: meshDomain } as const;
    const metadata = metadataOf(caller, this.#folder);
    const view = viewOf({ id, metadata }, undefined, mesh.askedLabels);
    return {
      mesh,
      view,
      config: new SharedConfig(view, {}).translate(mesh),
      workloadAt: (address) => this.#backends.workloadAt(address),
    };
  }

  /** Takes other rules, and waits until every proxy has them in force. */
  async use(rules: ResourceSet): Promise<void> {
    // A listener that is replaced takes its connections with it.
    this.#connections.destroy();
    this.#connections = new Connections();
    // Nobody asks any more for what came before.
    this.#calls.clear();
    this.#streams.splice(0);
    this.#rules.set(await this.#backends.standIn(rules));
    this.#pipeline.flush();
    await this.#ads.whenSynced();
  }

  /** Starts the Envoys for these callers at the same time, before they are needed. */
  async prepare(callers: readonly Caller[]): Promise<void> {
    await Promise.all(callers.map((caller) => this.#proxyFor(caller)));
  }

  /** Sends one request as `caller`, and says all that was seen of it. */
  async call(caller: Caller, request: TestRequest, plan: CallPlan = {}): Promise<Observation> {
    const url = new URL(request.url);
    const requestId = request.headers['x-request-id'] ?? randomUUID();
    const calling: Calling = { plan, arrivals: [] };
    this.#calls.set(requestId, calling);
    const proxy = await this.#proxyFor(caller);
    const mesh = this.#pipeline.mesh.current() ?? emptyMesh;
    const route = findListener(url, mesh, proxy.process.options.folder);
    if (typeof route === 'string') {
      const outcome: Outcome = { kind: 'failure', reason: route, took: 0 };
      return { requestId, outcome, arrivals: [] };
    }
    const source = { address: proxy.process.options.address, port: this.#nextSourcePort() };
    const headers = { ...request.headers, 'x-request-id': requestId };
    const outcome = await call(
      { ...request, headers },
      {
        ...route,
        source,
        timeout: plan.timeout ?? 20_000,
        connections: this.#connections,
      },
    );
    if (url.protocol === 'tcp:') {
      const entry = await proxy.log.findStream(`${source.address}:${source.port}`, logLimit);
      const arrivals = this.#streamArrivals(entry?.upstreamHost);
      return { requestId, outcome, arrivals, ...(entry === undefined ? {} : { log: entry }) };
    }
    const log = await proxy.log.find(requestId, logLimit);
    return {
      requestId,
      outcome,
      arrivals: calling.arrivals,
      ...(log === undefined ? {} : { log }),
    };
  }

  /** Configuration that an Envoy refused; none, unless pilot has a bug. */
  refusals(): number {
    const { types } = this.#ads.counters();
    return Object.values(types).reduce((sum, { rejections }) => sum + rejections, 0);
  }

  async close(): Promise<void> {
    this.#connections.destroy();
    await this.#lifecycle.close();
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  async #open(): Promise<void> {
    // A socket's path may have some hundred characters, and on some systems the folder for temporary files has half of that.
    this.#folder = await mkdtemp(join(tmpdir(), 'cmesh-'));
    const { services, rules } = this.#options;
    this.#catalog.set(await this.#backends.register(services));
    this.#rules.set(await this.#backends.standIn(rules));
    this.#pipeline.start();
    this.#pipeline.flush();
    this.#pilot = await this.#ads.listen('127.0.0.1:0');
  }

  #take(requestId: string | undefined, arrival: Arrival): Behaviour | undefined {
    const calling = requestId === undefined ? undefined : this.#calls.get(requestId);
    if (calling === undefined) {
      this.#streams.push(arrival);
      return undefined;
    }
    const earlier = calling.arrivals.filter(
      ({ workload, mirrored }) => workload === arrival.workload && mirrored === arrival.mirrored,
    ).length;
    calling.arrivals.push(arrival);
    return calling.plan.behaviourOf?.(arrival, earlier);
  }

  /** Who got a byte stream: found by the address that the proxy wrote. */
  #streamArrivals(upstreamHost: string | undefined): readonly Arrival[] {
    for (const [hostname, endpoints] of this.#pipeline.mesh.current()?.endpoints ?? []) {
      const endpoint = endpoints.find(({ address, port }) => `${address}:${port}` === upstreamHost);
      if (endpoint === undefined) continue;
      return this.#streams
        .filter(
          ({ service, port, version }) =>
            hostnameOf({ name: service }) === hostname &&
            port === endpoint.servicePort &&
            version === endpoint.labels['version'],
        )
        .slice(-1);
    }
    return [];
  }

  #nextSourcePort(): number {
    this.#sourcePort = this.#sourcePort === 65_535 ? 1024 : this.#sourcePort + 1;
    return this.#sourcePort;
  }

  /** Callers that the rules do not tell apart have the same configuration, and share an Envoy. */
  #proxyFor(caller: Caller): Promise<Proxy> {
    const mesh = this.#pipeline.mesh.current();
    const asked = mesh === undefined ? [] : [...mesh.askedLabels].sort();
    const key = JSON.stringify(asked.map((label) => [label, caller.labels[label]]));
    const known = this.#proxies.get(key) ?? this.#startProxy(caller, this.#proxies.size);
    this.#proxies.set(key, known);
    return known;
  }

  async #startProxy(caller: Caller, index: number): Promise<Proxy> {
    const folder = join(this.#folder, String(index));
    await mkdir(folder);
    const address = `10.255.0.${index + 1}`;
    const process = this.#lifecycle.add(
      await ProxyProcess.start({
        binary: this.#options.envoy,
        pilot: this.#pilot,
        folder,
        workload: caller.workload,
        address,
        metadata: metadataOf(caller, folder),
        guardian: this.#guardian,
      }),
    );
    await this.#untilServing(process, address);
    return { process, log: this.#lifecycle.add(await LogTail.open(accessLogPath(folder))) };
  }

  async #untilServing(process: ProxyProcess, address: string): Promise<void> {
    const deadline = Date.now() + startLimit;
    const hasListeners = (): boolean =>
      this.#ads
        .status()
        .some(
          ({ node, types }) => node.id.address === address && types.listener?.acked !== undefined,
        );
    while (!hasListeners()) {
      if (process.ended || Date.now() > deadline) {
        const complaints = await process.complaints();
        throw new OperationError('E_ENVOY_START', `Envoy does not start: ${complaints.join('\n')}`);
      }
      await delay(3);
    }
    await this.#ads.whenSynced();
  }
}

function metadataOf({ labels }: Caller, folder: string): NodeMetadata {
  return {
    namespace: meshNamespace,
    labels,
    interceptionMode: 'NONE',
    socketFolder: folder,
  };
}
