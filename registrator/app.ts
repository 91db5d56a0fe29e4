/** Puts the registrator together and runs it. */
import { systemClock } from '../kit/clock.ts';
import type { ConsulClient } from '../kit/consul-client.ts';
import { Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import { startCleanup } from './cleanup.ts';
import type { RegistratorConfig, Task } from './config.ts';
import { Presence } from './consul/presence.ts';
import type { Registry } from './consul/registry.ts';
import { startCron } from './cron.ts';
import { formatEngineAddress } from './docker/engine.ts';
import { Inventory } from './docker/inventory.ts';
import { watchDocker } from './docker/watch.ts';
import { drainContainer } from './drain.ts';
import { Holdings } from './holdings.ts';
import { showExplanation, showPlan } from './inspection.ts';
import type { Metrics } from './metrics.ts';
import { openParts, type Context, type Parts } from './parts.ts';
import { Reconciler } from './reconcile.ts';
import { startStatusServer, type StatusServerOptions } from './status-server.ts';

/** What a command runs with. */
export interface AppIo {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** For what was asked for. */
  readonly write: (text: string) => void;
}

/**
 * Does the task of the configuration. Running the registrator ends when the signal aborts; then everything is
 * closed, and what is registered stays. Throws OperationError when Docker or Consul cannot be reached at
 * start, or a container that is to be explained does not exist.
 */
export async function runApp(
  config: RegistratorConfig,
  { log, signal, write }: AppIo,
): Promise<void> {
  const life = new Lifecycle();
  const { task } = config;
  try {
    if (task.kind === 'run') await start(config, { log, signal, life });
    else {
      const parts = await openParts(config, { log, signal, life });
      write(await answer(task, parts, signal));
    }
  } catch (error) {
    // A command that was told to end has not done what the next one relies on.
    if (!signal.aborted || task.kind !== 'run') throw error;
  } finally {
    await life.close();
  }
}

/** What a command that looks or drains has to say. */
function answer(
  task: Exclude<Task, { readonly kind: 'run' }>,
  parts: Parts,
  signal: AbortSignal,
): Promise<string> {
  switch (task.kind) {
    case 'plan':
      return showPlan(parts, task);
    case 'explain':
      return showExplanation(parts, task);
    case 'drain':
      return drainContainer(parts, task, { signal });
  }
}

async function start(config: RegistratorConfig, context: Context): Promise<void> {
  const { log, signal, life } = context;
  const parts = await openParts(config, context);
  // It was told to end while it waited for Consul, which may still be silent.
  if (signal.aborted) return;
  const { engine, info, owner, client, registry } = parts;
  const inventory = new Inventory({
    engine,
    clock: systemClock,
    onLate: () => {
      reconciler.trigger();
    },
  });
  const metrics = config.listen === undefined ? undefined : await loadMetrics();
  const metered = metrics === undefined ? {} : { metrics };
  const readsUnowned = parts.adoption !== undefined;
  const holdings = life.add(new Holdings({ registry, client, clock: systemClock, readsUnowned }));
  const reconciler = new Reconciler({ ...parts, ...metered, inventory, holdings, log });
  const resync = (): void => {
    inventory.invalidate();
    reconciler.resync();
  };
  let isFollowing = false;
  if (config.listen !== undefined && metrics !== undefined) {
    const findDelays = (): readonly string[] => [
      ...(isFollowing ? [] : ['the events of the Docker Engine are not heard']),
      ...reconciler.findDelays(),
    ];
    const findFaults = (): readonly string[] => reconciler.findFaults();
    await listen({ address: config.listen, metrics, findFaults, findDelays }, context);
  }
  life.add(
    watchDocker({
      engine,
      log,
      onChange: (change) => {
        isFollowing = true;
        inventory.apply(change);
        reconciler.trigger(change);
      },
      onLost: () => {
        isFollowing = false;
      },
    }),
  );
  scheduleResync(config, life, resync);
  await scheduleCleanup(config, { owner, client, registry, log, life });
  log.info(
    {
      engine: info.name,
      ...(config.network === undefined ? {} : { network: config.network }),
      docker: formatEngineAddress(parts.docker),
      consul: config.consul.address,
    },
    'registering the containers of this Docker Engine',
  );
  await reconciler.run(signal);
}

async function listen(options: StatusServerOptions, { log, life }: Context): Promise<void> {
  const { port } = life.add(await startStatusServer(options));
  log.info({ port }, 'answering /metrics, /healthz and /readyz');
}

/** Only when they are read: prom-client takes 12 MB. */
async function loadMetrics(): Promise<Metrics> {
  const module = await import('./metrics.ts');
  return new module.Metrics();
}

interface CleanupParts {
  readonly owner: string;
  readonly client: ConsulClient;
  readonly registry: Registry;
  readonly log: Log;
  readonly life: Lifecycle;
}

function scheduleResync(config: RegistratorConfig, life: Lifecycle, resync: () => void): void {
  if (config.resyncInterval !== undefined) {
    const timer = setInterval(resync, config.resyncInterval);
    life.add({
      close: () => {
        clearInterval(timer);
      },
    });
  }
  if (config.resyncCron !== undefined) life.add(startCron(config.resyncCron, resync));
}

async function scheduleCleanup(
  { cleanupCron: times, cleanupAfter: after }: RegistratorConfig,
  { life, ...parts }: CleanupParts,
): Promise<void> {
  if (times !== undefined) {
    life.add(startCleanup({ times, after, ...parts }));
    return;
  }
  const { client, owner } = parts;
  // Whoever ran here with -cleanup-cron left a key that nobody renews: it would make us look gone.
  const presence = new Presence({ client, owner, clock: systemClock, vanishedAfter: after });
  await presence.forget(owner).catch(() => undefined);
}
