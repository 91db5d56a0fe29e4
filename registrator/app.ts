/** Puts the registrator together and runs it. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { systemClock } from '../kit/clock.ts';
import { createConsulClient, type ConsulClient } from '../kit/consul-client.ts';
import { describeError, OperationError } from '../kit/errors.ts';
import { delay, Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import type { RegistratorConfig } from './config.ts';
import { openConsul } from './consul-access.ts';
import { AgentRegistry, consulTimeout, type Registry } from './consul/registry.ts';
import { Presence } from './consul/presence.ts';
import { startCleanup } from './cleanup.ts';
import { startCron } from './cron.ts';
import { ownerName } from './contract/service-record.ts';
import {
  DockerodeEngine,
  formatEngineAddress,
  type Engine,
  type EngineInfo,
} from './docker/engine.ts';
import { Inventory } from './docker/inventory.ts';
import { watchDocker } from './docker/watch.ts';
import type { PlanOptions } from './plan/desired.ts';
import { Reconciler } from './reconcile.ts';

/**
 * Runs until the signal aborts; then everything is closed, and what is registered stays. Throws
 * OperationError when Docker or Consul cannot be reached at start.
 */
export async function runApp(
  config: RegistratorConfig,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const life = new Lifecycle();
  try {
    await start(config, { log, signal, life });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await life.close();
  }
}

interface Context {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly life: Lifecycle;
}

async function start(config: RegistratorConfig, { log, signal, life }: Context): Promise<void> {
  const engine = endWith(signal, life.add(new DockerodeEngine(config.docker)));
  const info = await readInfo(engine);
  const owner = ownerName(info.id, config.network);
  const access = await openConsul(config.consul);
  const client = createConsulClient({ ...access, timeout: consulTimeout });
  const registry = endWith(signal, new AgentRegistry({ ...access, owner, client }));
  life.add(registry);
  await connect(registry, config, { log, signal, life });
  const plan = await planOptions(config, info);
  const inventory = new Inventory({
    engine,
    clock: systemClock,
    onLate: () => {
      reconciler.trigger();
    },
  });
  const reconciler = new Reconciler({ inventory, registry, plan, log });
  const resync = (): void => {
    inventory.invalidate();
    reconciler.trigger();
  };
  life.add(
    watchDocker({
      engine,
      log,
      onChange: (change) => {
        inventory.apply(change);
        reconciler.trigger();
      },
    }),
  );
  scheduleResync(config, life, resync);
  await scheduleCleanup(config, { owner, client, registry, log, life });
  log.info(
    {
      engine: info.name,
      ...(config.network === undefined ? {} : { network: config.network }),
      docker: formatEngineAddress(config.docker),
      consul: config.consul.address,
    },
    'registering the containers of this Docker Engine',
  );
  await reconciler.run(signal);
}

/** Cuts the calls of a client that are under way when the signal aborts, so that nothing is waited for. */
function endWith<T extends { readonly close: () => void }>(signal: AbortSignal, client: T): T {
  const close = (): void => {
    client.close();
  };
  signal.addEventListener('abort', close, { once: true });
  return client;
}

interface CleanupParts {
  readonly owner: string;
  readonly client: ConsulClient;
  readonly registry: Registry;
  readonly log: Log;
  readonly life: Lifecycle;
}

async function readInfo(engine: Engine): Promise<EngineInfo> {
  try {
    return await engine.info();
  } catch (error) {
    const message = 'cannot start without Docker; mount its socket, or set DOCKER_HOST';
    throw new OperationError('E_DOCKER', message, { cause: error });
  }
}

/** Waits for Consul as gliderlabs/registrator does; afterwards an outage never ends the process. */
async function connect(
  registry: Registry,
  config: RegistratorConfig,
  { log, signal }: Context,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      await registry.ping();
      return;
    } catch (error) {
      if (attempt >= config.retryAttempts) throw error;
      if (attempt === 0) log.warn({}, `${describeError(error)}; trying again`);
    }
    await delay(config.retryInterval, signal);
  }
}

async function planOptions(config: RegistratorConfig, info: EngineInfo): Promise<PlanOptions> {
  const { internal, network, explicit, ip, ipLabel, tags, keepFailed } = config;
  const hostAddress = await findHostAddress(info.name);
  return {
    owner: ownerName(info.id, network),
    hostname: info.name,
    internal,
    explicit,
    tags,
    keepFailed,
    ...(network === undefined ? {} : { network }),
    ...(ip === undefined ? {} : { ip }),
    ...(ipLabel === undefined ? {} : { ipLabel }),
    ...(hostAddress === undefined ? {} : { hostAddress }),
  };
}

/**
 * What the host's name resolves to, as gliderlabs/registrator has it; where that is a loopback address
 * (Debian's 127.0.1.1), the first other IPv4 address of the machine.
 */
async function findHostAddress(hostname: string): Promise<string | undefined> {
  try {
    const { address } = await lookup(hostname, { family: 4 });
    if (!address.startsWith('127.')) return address;
  } catch {
    // A host name nobody knows is common, and needed only without -ip and -internal.
  }
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
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
