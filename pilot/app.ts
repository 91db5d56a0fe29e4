import { systemClock } from '../kit/clock.ts';
import { createConsulClient } from '../kit/consul-client.ts';
import { type Closer, Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import { type Problem, formatProblem } from '../kit/problem.ts';
import { version } from '../kit/version.ts';
import { type Watched, WatchedCell } from '../kit/watched.ts';
import type { NameTable } from '../sidecar/contract/name-table.ts';
import { LiveAnalysis } from './analysis/live-analysis.ts';
import { Reconciliation } from './ads/reconciliation.ts';
import { AdsServer } from './ads/server.ts';
import type { ResourceSet } from './api/resource.ts';
import { openHttp } from './open-http.ts';
import type { PilotConfig, RegistryConfig } from './config.ts';
import { dumpSnapshot } from './debug/config-dump.ts';
import { describeSync } from './debug/sync-status.ts';
import type { DebugView } from './http/deps.ts';
import { finishRemovals } from './http/namespace-removal.ts';
import type { RegisteredService } from './model/service.ts';
import { nameTableOf } from './push/name-table.ts';
import { Pipeline } from './push/pipeline.ts';
import { recomputeOnChange } from './push/recompute.ts';
import { ConsulCatalog, noCatalog } from './sources/consul-catalog.ts';
import { mergeCatalogs } from './sources/merged-catalog.ts';
import { listenAt } from './start-failure.ts';
import { openStore } from './store/open-store.ts';
import type { ConfigStore } from './store/store.ts';
import type { Snapshot } from './xds/resource.ts';

/** A control plane that runs. */
export interface Pilot extends Closer {
  /** HOST:PORT where it serves ADS. */
  readonly grpc: string;
  /** HOST:PORT where it serves configuration. */
  readonly http: string;
  /** The same over TLS; missing without a certificate. */
  readonly https?: string;
  readonly ads: AdsServer;
}

/** What a program that runs pilot inside itself adds. */
export interface PilotAdditions {
  /** Services beside those of the registry; what both know by one host name is one service. */
  readonly services?: Watched<readonly RegisteredService[]>;
  /** Further views under /debug/NAME. */
  readonly debug?: Readonly<Record<string, DebugView>>;
  /** Ends the waiting for what pilot cannot start without. */
  readonly signal?: AbortSignal;
}

/**
 * Starts pilot: the only place where its parts are put together. Throws an OperationError when an address is
 * taken or the config store cannot be read; what was opened is closed again.
 */
export async function startPilot(
  config: PilotConfig,
  log: Log,
  additions: PilotAdditions = {},
): Promise<Pilot> {
  const lifecycle = new Lifecycle();
  try {
    return await openPilot(config, log, lifecycle, additions);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

async function openPilot(
  config: PilotConfig,
  log: Log,
  lifecycle: Lifecycle,
  additions: PilotAdditions,
): Promise<Pilot> {
  const state = await openState(config, log, lifecycle, additions);
  const { pipeline, reconciliation } = state;
  pipeline.start();
  await finishRemovals(state.store, { clock: systemClock, log });
  const ads = lifecycle.add(new AdsServer({ source: pipeline, log, reconciliation }));
  const place = { flag: '--grpc', address: config.grpc } as const;
  const grpc = await listenAt(place, ads.listen(config.grpc));
  const served = await openHttp(
    config,
    {
      store: state.store,
      names: state.names,
      ready: () => pipeline.mesh.current() !== undefined,
      debug: {
        ...debugViews(pipeline, ads, state.problems),
        ...proxyViews(ads, state.store, config.domain),
        catalog: () => state.catalog.current() ?? [],
        ...additions.debug,
      },
      analysis: state.analysis,
      reconciliation,
      clock: systemClock,
      log,
    },
    lifecycle,
  );
  log.info({ grpc, ...served }, 'pilot serves');
  return { grpc, ...served, ads, close: () => lifecycle.close() };
}

/** What pilot knows, and what follows from it. */
interface State {
  readonly store: ConfigStore;
  readonly catalog: Watched<readonly RegisteredService[]>;
  readonly analysis: LiveAnalysis;
  readonly pipeline: Pipeline;
  readonly reconciliation: Reconciliation;
  readonly problems: () => readonly Problem[];
  readonly names: Watched<NameTable>;
}

async function openState(
  { store: location, registry: place, domain, tracing }: PilotConfig,
  log: Log,
  lifecycle: Lifecycle,
  { services, signal }: PilotAdditions,
): Promise<State> {
  const clock = systemClock;
  const store = lifecycle.add(
    await openStore(location, { clock, log, ...(signal === undefined ? {} : { signal }) }),
  );
  const registry = lifecycle.add(openRegistry(place, log));
  const catalog =
    services === undefined
      ? registry.catalog
      : lifecycle.add(mergeCatalogs(registry.catalog, services)).catalog;
  const analysis = lifecycle.add(new LiveAnalysis({ store, catalog, domain, clock }));
  const { resources } = store;
  const mesh = tracing === undefined ? {} : { tracing };
  const reconciliation = lifecycle.add(new Reconciliation(clock));
  const onBuilt = (set: ResourceSet): void => {
    reconciliation.built(set);
  };
  const pipeline = lifecycle.add(
    new Pipeline({ catalog, resources, domain, mesh, clock, log, onBuilt }),
  );
  const problems = collectProblems([registry.problems, store.problems, analysis.problems], log);
  const names = new WatchedCell<NameTable>((left, right) => left.version === right.version);
  const nameTable = recomputeOnChange<NameTable>();
  pipeline.mesh.subscribe((current) => {
    names.set(nameTable([current.services], () => nameTableOf(current, domain)));
  });
  return { store, catalog, analysis, pipeline, reconciliation, problems, names };
}

interface Registry extends Closer {
  readonly catalog: Watched<readonly RegisteredService[]>;
  readonly problems: Watched<readonly Problem[]>;
}

function openRegistry(config: RegistryConfig, log: Log): Registry {
  switch (config.kind) {
    case 'none':
      return { catalog: noCatalog, problems: new WatchedCell(), close: () => undefined };
    case 'consul':
      return new ConsulCatalog({ client: createConsulClient(config), clock: systemClock, log });
  }
}

/** All that is wrong with what users wrote; each problem is logged once, when it appears. */
function collectProblems(
  sources: readonly Watched<readonly Problem[]>[],
  log: Log,
): () => readonly Problem[] {
  let shown = new Set<string>();
  const current = (): readonly Problem[] => sources.flatMap((source) => source.current() ?? []);
  const show = (): void => {
    const lines = current().map(formatProblem);
    for (const line of lines) if (!shown.has(line)) log.warn({}, line);
    shown = new Set(lines);
  };
  for (const source of sources) source.subscribe(show);
  return current;
}

/** What /debug/NAME shows of each stage. */
function debugViews(
  pipeline: Pipeline,
  ads: AdsServer,
  problems: () => readonly Problem[],
): Readonly<Record<string, DebugView>> {
  return {
    version: () => ({ version }),
    problems,
    services: () => [...(pipeline.mesh.current()?.services.values() ?? [])],
    endpoints: () => showEndpoints(pipeline),
    workloads: () => [...(pipeline.mesh.current()?.workloads.values() ?? [])],
    rules: () => {
      const mesh = pipeline.mesh.current();
      return [...(mesh?.virtualServices ?? []), ...(mesh?.destinationRules ?? [])];
    },
    proxies: () => ads.status(),
    counters: () => ads.counters(),
  };
}

/** How far the proxies are, and what each is to run (Istio has both under these names). */
function proxyViews(
  ads: AdsServer,
  { resources }: ConfigStore,
  domain: string,
): Readonly<Record<string, DebugView>> {
  const snapshotOf = (node: string): Snapshot | undefined =>
    ads.targets().find((target) => target.node.text === node || target.node.id.id === node)
      ?.snapshot;
  return {
    syncz: () =>
      ads.status().map((status) =>
        describeSync(status, () => {
          const snapshot = snapshotOf(status.node.text);
          const set = resources.current();
          return snapshot === undefined || set === undefined
            ? undefined
            : { snapshot, resources: set, domain };
        }),
      ),
    config_dump: ({ proxyID = '' }) => {
      const snapshot = snapshotOf(proxyID);
      return snapshot === undefined ? undefined : dumpSnapshot(snapshot);
    },
  };
}

/** Those that get calls. */
function showEndpoints({ mesh }: Pipeline): unknown {
  const services = [...(mesh.current()?.endpoints ?? [])];
  return Object.fromEntries(
    services.map(([hostname, members]) => [hostname, members.filter(({ down }) => down !== true)]),
  );
}
