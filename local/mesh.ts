import { join, resolve } from 'node:path';
import { systemClock } from '../kit/clock.ts';
import { type Closer, Lifecycle } from '../kit/lifecycle.ts';
import { type Pilot, startPilot } from '../pilot/app.ts';
import type { HostPort } from '../pilot/address.ts';
import type { RegistryConfig } from '../pilot/config.ts';
import type { TracingOptions } from '../pilot/translate/options.ts';
import { serviceHostname } from '../registrator/contract/service-record.ts';
import { Application } from './application.ts';
import { Guardian } from '../kit/guardian.ts';
import { openLogFile } from './log-file.ts';
import { type Loopback, PortFinder, claimLoopback } from './loopback.ts';
import type { MeshFile } from './mesh-file.ts';
import { type PlannedWorkload, planWorkloads, usualPorts } from './plan.ts';
import { LocalRegistry } from './registry.ts';
import { Sidecar, type SidecarOptions, accessLogPath } from './sidecar.ts';
import { type Terminal, createPartLog } from './terminal.ts';
import type { IngressView, LocalView, WorkloadView } from './view.ts';

export interface LocalMeshOptions {
  readonly file: MeshFile;
  /** Absolute path of the mesh file. */
  readonly path: string;
  /** Where the configuration API listens. */
  readonly http: HostPort;
  /** Folder of the rules. */
  readonly config: string;
  /** Folder for logs. */
  readonly logs: string;
  /** Services beside those of the file. */
  readonly registry: RegistryConfig;
  readonly tracing?: TracingOptions;
  /** Finds Envoy; the rest of the mesh starts meanwhile. */
  readonly envoy: () => Promise<string>;
  /** Whether workloads get addresses of their own, where the platform has them. */
  readonly ownAddresses: boolean;
  /** What applications have in their environment beside what the mesh gives them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly verbose: boolean;
}

interface RunningWorkload {
  readonly plan: PlannedWorkload;
  readonly application: Application;
  sidecar: Sidecar | undefined;
}

interface Ingress {
  readonly address: string;
  readonly adminPort: number;
}

/** A mesh on this machine: pilot in this process, every version of every service a process with an Envoy beside it. */
export class LocalMesh implements Closer {
  readonly #options: LocalMeshOptions;
  readonly #lifecycle = new Lifecycle();
  readonly #registry: LocalRegistry;
  readonly #workloads: readonly RunningWorkload[];
  readonly #ingress: Ingress;
  readonly #guardian: Guardian;
  #pilot: Pilot | undefined;
  #sidecars: readonly Sidecar[] = [];
  #ingressEnvoy: Sidecar | undefined;

  /** Starts everything; throws OperationError when pilot or Envoy is not to be had, with all ended again. */
  static async start(options: LocalMeshOptions): Promise<LocalMesh> {
    const loopback = await claimLoopback({ own: options.ownAddresses });
    const ports = new PortFinder(namedPorts(options));
    const plans = await planWorkloads(options.file, loopback, ports);
    const address = loopback.nextAddress();
    const usual = address === '127.0.0.1' ? undefined : usualPorts.admin;
    const ingress = { address, adminPort: await ports.find(address, usual) };
    const mesh = new LocalMesh(options, loopback, plans, ingress);
    try {
      await mesh.#start();
      return mesh;
    } catch (error) {
      await mesh.close();
      throw error;
    }
  }

  private constructor(
    options: LocalMeshOptions,
    loopback: Loopback,
    plans: readonly PlannedWorkload[],
    ingress: Ingress,
  ) {
    this.#options = options;
    this.#ingress = ingress;
    this.#lifecycle.add(loopback);
    this.#guardian = this.#lifecycle.add(new Guardian());
    this.#registry = new LocalRegistry(options.file, plans);
    this.#workloads = plans.map((plan) => ({
      plan,
      application: this.#createApplication(plan),
      sidecar: undefined,
    }));
  }

  /**
   * Resolves when every part serves, or has failed for the first time, or after `limit` ms. The names of those that
   * do not serve.
   */
  async whenReady(limit: number): Promise<readonly string[]> {
    const timeout = AbortSignal.timeout(limit);
    const expired = new Promise<void>((done) => {
      timeout.addEventListener('abort', () => {
        done();
      });
    });
    const live = await Promise.all(
      this.#sidecars.map(async (sidecar) =>
        (await sidecar.whenLive(timeout)) ? [] : [sidecar.name],
      ),
    );
    const idle = live.flat();
    await Promise.race([
      expired,
      Promise.all(this.#workloads.map(({ application }) => application.settled)),
    ]);
    if (idle.length === 0) await Promise.race([expired, this.#pilot?.ads.whenSynced()]);
    const down = this.#workloads.filter(({ application }) => !application.up);
    return [...new Set([...down.map(({ plan }) => plan.name), ...idle])];
  }

  get view(): LocalView {
    const { path, http, config, logs } = this.#options;
    return {
      pid: process.pid,
      file: path,
      api: `http://localhost:${new URL(this.#pilot?.http ?? `http://localhost:${http.port}`).port}`,
      config,
      logs,
      workloads: this.#workloads.map((workload) => this.#viewWorkload(workload)),
      ingress: this.#viewIngress(),
    };
  }

  /** Ends everything that was started. */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  async #start(): Promise<void> {
    const { terminal } = this.#options;
    for (const { application } of this.#workloads) application.start();
    this.#lifecycle.add({
      close: async () => {
        const parts = this.#workloads.flatMap(({ application }) => application);
        await Promise.all([...parts, ...this.#sidecars].map((part) => part.close()));
      },
    });
    const starting = this.#startPilot();
    // What is half started cannot be ended, so a missing Envoy waits for pilot.
    const binary = await this.#options.envoy().finally(() => starting.catch(() => undefined));
    const pilot = await starting;
    terminal.step(`pilot serves the configuration API on ${this.view.api}`);
    await this.#startSidecars(binary, pilot.grpc);
  }

  async #startPilot(): Promise<Pilot> {
    const { terminal, http, config, registry, tracing, logs } = this.#options;
    const file = this.#lifecycle.add(openLogFile(join(logs, 'pilot.log')));
    const log = createPartLog('pilot', terminal, file.write);
    const pilot = await startPilot(
      {
        registry,
        store: { kind: 'dir', path: config },
        grpc: '127.0.0.1:0',
        http,
        domain: 'service.consul',
        logLevel: 'info',
        ...(tracing === undefined ? {} : { tracing }),
      },
      log,
      { services: this.#registry.services, debug: { local: () => this.view } },
    );
    this.#pilot = this.#lifecycle.add(pilot);
    return pilot;
  }

  #createApplication(plan: PlannedWorkload): Application {
    const { path, logs, env, terminal, verbose } = this.#options;
    const { name, service, application, version, address, ports } = plan;
    const proxy = `http://${address}:${ports.proxy}`;
    return new Application(
      {
        name,
        command: application.command ?? '',
        cwd: resolve(path, '..', application.cwd ?? '.'),
        port: ports.app,
        logPath: join(logs, `${name}.log`),
        env: {
          ...env,
          HOST: '127.0.0.1',
          HTTP_PROXY: proxy,
          http_proxy: proxy,
          NO_PROXY: 'localhost,127.0.0.1',
          no_proxy: 'localhost,127.0.0.1',
          SERVICE_NAME: service.name,
          HOSTNAME: name,
          ...(version === undefined ? {} : { SERVICE_VERSION: version }),
          ...application.env,
          PORT: String(ports.app),
        },
      },
      {
        guardian: this.#guardian,
        terminal,
        clock: systemClock,
        verbose,
        onUp: (up) => {
          this.#registry.setUp(plan, up);
        },
      },
    );
  }

  async #startSidecars(binary: string, pilot: string): Promise<void> {
    const { terminal, logs: folder, file } = this.#options;
    const create = (options: SidecarOptions): Sidecar =>
      new Sidecar(options, { binary, pilot, guardian: this.#guardian, terminal, folder });
    const own = this.#workloads.map((workload) => {
      workload.sidecar = create(sidecarOf(workload.plan));
      return workload.sidecar;
    });
    if (file.ingress.length > 0) this.#ingressEnvoy = create(this.#ingressSidecar());
    this.#sidecars = this.#ingressEnvoy === undefined ? own : [...own, this.#ingressEnvoy];
    await Promise.all(this.#sidecars.map((sidecar) => sidecar.start()));
    terminal.step(`${this.#sidecars.length} Envoys started`);
  }

  #ingressSidecar(): SidecarOptions {
    const { services, ingress } = this.#options.file;
    return {
      workload: 'ingress',
      app: 'ingress',
      labels: { app: 'ingress' },
      address: this.#ingress.address,
      adminPort: this.#ingress.adminPort,
      reach: {
        interceptionMode: 'NONE',
        ingress: ingress.flatMap(({ bind, port, service }) => {
          const target = services.find(({ name }) => name === service);
          return target === undefined
            ? []
            : [{ bind, port, host: serviceHostname(service), servicePort: target.port }];
        }),
      },
    };
  }

  #viewWorkload({ plan, application, sidecar }: RunningWorkload): WorkloadView {
    const { name, service, version, labels, address, ports } = plan;
    const { logs } = this.#options;
    return {
      name,
      service: service.name,
      ...(version === undefined ? {} : { version }),
      namespace: 'default',
      labels,
      address,
      port: ports.inbound,
      appPort: ports.app,
      proxy: `http://${address}:${ports.proxy}`,
      admin: `http://${address}:${ports.admin}`,
      accessLog: accessLogPath(logs, name),
      log: join(logs, `${name}.log`),
      up: application.up,
      ...(application.pid === undefined ? {} : { pid: application.pid }),
      ...(sidecar?.pid === undefined ? {} : { envoyPid: sidecar.pid }),
    };
  }

  #viewIngress(): readonly IngressView[] {
    const { file, logs } = this.#options;
    const { address, adminPort } = this.#ingress;
    return file.ingress.map(({ bind, port, service, page }) => ({
      service,
      url: `http://${bind === '127.0.0.1' || bind === '0.0.0.0' ? 'localhost' : bind}:${port}${page}`,
      admin: `http://${address}:${adminPort}`,
      accessLog: accessLogPath(logs, 'ingress'),
      ...(this.#ingressEnvoy?.pid === undefined ? {} : { envoyPid: this.#ingressEnvoy.pid }),
    }));
  }
}

/** The ports that people have chosen: what listens there starts after the ports of others are found. */
function namedPorts({ file, http }: LocalMeshOptions): ReadonlySet<number> {
  const applications = file.services.flatMap(({ versions }) =>
    versions.flatMap(({ appPort }) => appPort ?? []),
  );
  return new Set([http.port, ...file.ingress.map(({ port }) => port), ...applications]);
}

function sidecarOf({ name, service, labels, address, ports }: PlannedWorkload): SidecarOptions {
  return {
    workload: name,
    app: service.name,
    labels,
    address,
    adminPort: ports.admin,
    reach: {
      interceptionMode: 'NONE',
      httpProxyPort: ports.proxy,
      appPorts: { [ports.inbound]: ports.app },
    },
  };
}
