import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Closer } from '../../kit/lifecycle.ts';
import { renderTestBootstrap } from '../../testkit/mesh/proxy-process.ts';
import type { NodeMetadata } from '../../sidecar/contract/node.ts';
import { parseStats } from '../../sidecar/envoy/admin.ts';
import { envoyArguments } from '../../sidecar/envoy/process.ts';
import { findEnvoy } from './programs.ts';
import { until } from './until.ts';

export interface RealEnvoyOptions {
  /** HOST:PORT of the ADS server. */
  readonly pilot: string;
  /** Address of the workload, as pilot knows it. */
  readonly address: string;
  readonly metadata?: Partial<NodeMetadata>;
  /** Port on 127.0.0.1 of the DNS server that it asks, in place of the machine's own. */
  readonly dns?: number;
  /** Values of Envoy's runtime in the place of those of the bootstrap: to make it refuse what it usually takes. */
  readonly runtime?: Readonly<Record<string, unknown>>;
}

/** An Envoy that runs the sidecar's own bootstrap on loopback, for one test suite. */
export class RealEnvoy implements Closer {
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** When it has ended and all that it wrote is read. */
  readonly #closed: Promise<unknown>;
  #log = '';
  #admin = '';

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#log += chunk.toString();
    });
  }

  /** Starts an Envoy and waits until it has been given its first configuration. */
  static async start(options: RealEnvoyOptions): Promise<RealEnvoy> {
    const folder = await mkdtemp(join(tmpdir(), 'composemesh-envoy-'));
    const command = {
      binary: await findEnvoy(),
      concurrency: 1,
      logLevel: 'warning' as const,
      drainTime: 1000,
      bootstrap: renderBootstrap(options),
    };
    const addressFile = join(folder, 'admin');
    const child = spawn(
      command.binary,
      [...envoyArguments(command), '--admin-address-path', addressFile],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const envoy = new RealEnvoy(child, folder);
    try {
      await envoy.#waitForAdmin(addressFile);
      await until('an Envoy with its first configuration', () => envoy.#isLive());
      return envoy;
    } catch (error) {
      await envoy.close();
      throw new Error(`Envoy does not start: ${envoy.#log}`, { cause: error });
    }
  }

  /** HOST:PORT of its admin interface. */
  get admin(): string {
    return this.#admin;
  }

  /** Counters and gauges by name. */
  async stats(filter = ''): Promise<ReadonlyMap<string, number>> {
    return parseStats(await this.#get(`/stats?filter=${encodeURIComponent(filter)}`));
  }

  /** One statistic; 0 while Envoy has not created it. */
  async stat(name: string): Promise<number> {
    const stats = await this.stats(`^${name.replaceAll(/[.|]/g, '\\$&')}$`);
    return stats.get(name) ?? 0;
  }

  /** Names of the resources in force, sorted. */
  async running(): Promise<RunningConfig> {
    const dump = JSON.parse(await this.#get('/config_dump?include_eds')) as ConfigDump;
    return readDump(dump);
  }

  /** What Envoy complained about on standard error. */
  complaints(): readonly string[] {
    return this.#log.split('\n').filter((line) => /\]\[(warning|error|critical)\]/.test(line));
  }

  /** Afterwards all its complaints are there. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
    }
    await this.#closed;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #waitForAdmin(addressFile: string): Promise<void> {
    this.#admin = await until('the address of the admin interface', async () => {
      if (this.#child.exitCode !== null) throw new Error(`ended by itself`);
      return (await readFile(addressFile, 'utf8').catch(() => '')) || undefined;
    });
  }

  async #isLive(): Promise<boolean> {
    const response = await fetch(`http://${this.#admin}/ready`);
    await response.arrayBuffer();
    return response.status === 200;
  }

  async #get(path: string): Promise<string> {
    return (await fetch(`http://${this.#admin}${path}`)).text();
  }
}

function resolverAt(port: number): object {
  return {
    name: 'envoy.network.dns_resolver.cares',
    typed_config: {
      '@type':
        'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
      resolvers: [{ socket_address: { address: '127.0.0.1', port_value: port } }],
      dns_resolver_options: { no_default_search_domain: true },
    },
  };
}

function renderBootstrap({ runtime, dns, ...options }: RealEnvoyOptions): object {
  const rendered = renderTestBootstrap(
    {
      ...options,
      workload: `test-${options.address}`,
      metadata: { namespace: 'default', labels: {}, ...options.metadata },
    },
    { admin: 0, prometheus: 0 },
  );
  const bootstrap =
    dns === undefined ? rendered : { ...rendered, typed_dns_resolver_config: resolverAt(dns) };
  if (runtime === undefined) return bootstrap;
  return { ...bootstrap, layered_runtime: { layers: [{ name: 'test', static_layer: runtime }] } };
}

/** What an Envoy runs that came from pilot, by name. */
export interface RunningConfig {
  readonly clusters: readonly string[];
  readonly endpoints: readonly string[];
  readonly listeners: readonly string[];
  readonly routes: readonly string[];
  /** Resources that are refused, or not in force yet. */
  readonly unsettled: readonly string[];
}

interface ConfigDump {
  readonly configs: readonly Readonly<Record<string, unknown>>[];
}

interface Named {
  readonly name?: string;
  readonly cluster?: { readonly name: string };
  readonly route_config?: { readonly name: string };
  readonly endpoint_config?: { readonly cluster_name: string };
  readonly error_state?: unknown;
  readonly warming_state?: unknown;
  readonly active_state?: unknown;
}

function readDump({ configs }: ConfigDump): RunningConfig {
  const rows = (key: string): readonly Named[] =>
    configs.flatMap((config) => (config[key] as readonly Named[] | undefined) ?? []);
  const names = (values: readonly (string | undefined)[]): readonly string[] =>
    values.filter((value) => value !== undefined).toSorted();
  const listeners = rows('dynamic_listeners');
  return {
    clusters: names(rows('dynamic_active_clusters').map(({ cluster }) => cluster?.name)),
    endpoints: names(
      rows('dynamic_endpoint_configs').map(({ endpoint_config: set }) => set?.cluster_name),
    ),
    listeners: names(
      listeners.filter(({ active_state: active }) => active !== undefined).map(({ name }) => name),
    ),
    routes: names(rows('dynamic_route_configs').map(({ route_config: table }) => table?.name)),
    unsettled: names([
      ...rows('dynamic_warming_clusters').map(({ cluster }) => cluster?.name),
      ...listeners
        .filter(({ error_state: error, warming_state: warming }) => Boolean(error ?? warming))
        .map(({ name }) => name),
    ]),
  };
}
