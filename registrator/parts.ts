/** What every command of the registrator needs: the Engine, Consul, and how to plan. */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { createConsulClient, type ConsulClient } from '../kit/consul-client.ts';
import { describeError, OperationError } from '../kit/errors.ts';
import { delay, type Lifecycle } from '../kit/lifecycle.ts';
import type { Log } from '../kit/log.ts';
import type { RegistratorConfig } from './config.ts';
import { openConsul } from './consul-access.ts';
import { AgentRegistry, consulTimeout, type Registry } from './consul/registry.ts';
import { ownerName } from './contract/service-record.ts';
import { openContext } from './docker-context.ts';
import {
  DockerodeEngine,
  type Engine,
  type EngineAddress,
  type EngineInfo,
} from './docker/engine.ts';
import type { AdoptionOptions } from './plan/adoption.ts';
import type { PlanOptions } from './plan/desired.ts';

export interface Parts {
  readonly engine: Engine;
  readonly docker: EngineAddress;
  readonly info: EngineInfo;
  readonly owner: string;
  readonly client: ConsulClient;
  readonly registry: Registry;
  readonly plan: PlanOptions;
  /** Absent: what the old registrator left stays. */
  readonly adoption?: AdoptionOptions;
}

export interface Context {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly life: Lifecycle;
}

/** Opens Docker and Consul. Throws OperationError when one of them cannot be reached. */
export async function openParts(config: RegistratorConfig, context: Context): Promise<Parts> {
  const { signal, life } = context;
  const docker =
    config.docker.kind === 'context' ? await openContext(config.docker) : config.docker;
  const engine = endWith(signal, life.add(new DockerodeEngine(docker)));
  const info = await readInfo(engine, config.hostname);
  const owner = ownerName(info.id, config.network);
  const access = await openConsul(config.consul);
  const client = createConsulClient({ ...access, timeout: consulTimeout });
  const registry = endWith(signal, life.add(new AgentRegistry({ ...access, owner, client })));
  await connect(registry, config, context);
  const { adopt } = config;
  return {
    engine,
    docker,
    info,
    owner,
    client,
    registry,
    plan: await planOptions(config, info),
    ...(adopt === undefined ? {} : { adoption: { ...adopt, hosts: [info.name, ...adopt.hosts] } }),
  };
}

/** Cuts the calls of a client that are under way when the signal aborts, so that nothing is waited for. */
function endWith<T extends { readonly close: () => void }>(signal: AbortSignal, client: T): T {
  const close = (): void => {
    client.close();
  };
  signal.addEventListener('abort', close, { once: true });
  return client;
}

/** A proxy that filters calls may refuse this one; then a name that was given stands for the Engine. */
async function readInfo(engine: Engine, hostname: string | undefined): Promise<EngineInfo> {
  try {
    const info = await identify(engine);
    return hostname === undefined ? info : { ...info, name: hostname };
  } catch (error) {
    const isRefused = error instanceof OperationError && error.code === 'E_DOCKER_REFUSED';
    if (isRefused && hostname !== undefined) return { id: hostname, name: hostname };
    const message = isRefused
      ? 'cannot tell which Docker Engine this is; let its proxy answer /info, or give -hostname'
      : 'cannot start without Docker; mount its socket, or set DOCKER_HOST';
    throw new OperationError('E_DOCKER', message, { cause: error });
  }
}

/** Podman's id is another one at each call (measured on 4.3); there the host name stands for the Engine. */
async function identify(engine: Engine): Promise<EngineInfo> {
  const info = await engine.info();
  const again = await engine.info();
  return again.id === info.id ? info : { ...info, id: info.name };
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
  const { internal, network, explicit, ip, ipLabel, tags, keepFailed, inferProtocol } = config;
  const { tagTemplate } = config;
  const hostAddress = await findHostAddress(info.name);
  return {
    owner: ownerName(info.id, network),
    hostname: info.name,
    internal,
    explicit,
    tags,
    keepFailed,
    inferProtocol,
    ...(tagTemplate === undefined ? {} : { tagTemplate }),
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
