import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../kit/clock.ts';
import { describeError } from '../kit/errors.ts';
import { type Closer, delay } from '../kit/lifecycle.ts';
import { renderBootstrap, type BootstrapOptions } from '../sidecar/bootstrap/render.ts';
import { EnvoyProcess } from '../sidecar/envoy/process.ts';
import type { Guardian } from '../kit/guardian.ts';
import { version } from '../kit/version.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type Terminal, createPartLog } from './terminal.ts';

/** An Envoy of the mesh: a workload's own, or the one of the ingress. */
export interface SidecarOptions extends Pick<
  BootstrapOptions,
  'workload' | 'app' | 'labels' | 'address'
> {
  readonly reach: NonNullable<BootstrapOptions['reach']>;
  readonly adminPort: number;
}

export interface SidecarSurroundings {
  readonly binary: string;
  /** HOST:PORT of the ADS server. */
  readonly pilot: string;
  readonly guardian: Guardian;
  readonly terminal: Terminal;
  /** Folder for logs. */
  readonly folder: string;
}

/** Where the access log of an Envoy is written. */
export function accessLogPath(folder: string, workload: string): string {
  return join(folder, `${workload}.access.log`);
}

/** One Envoy that is kept running, with its logs in files. */
export class Sidecar implements Closer {
  readonly #options: SidecarOptions;
  readonly #envoy: EnvoyProcess;
  readonly #stdout: number;
  readonly #log: LogFile;
  readonly #terminal: Terminal;

  constructor(options: SidecarOptions, surroundings: SidecarSurroundings) {
    const { workload, adminPort, address } = options;
    const { folder, guardian, terminal, binary } = surroundings;
    const pilot = new URL(`tcp://${surroundings.pilot}`);
    this.#options = options;
    this.#terminal = terminal;
    this.#stdout = openSync(accessLogPath(folder, workload), 'a');
    this.#log = openLogFile(join(folder, `${workload}.envoy.log`));
    this.#envoy = new EnvoyProcess(
      {
        binary,
        concurrency: 1,
        logLevel: 'warning',
        drainTime: 1000,
        bootstrap: renderBootstrap({
          ...options,
          namespace: 'default',
          pilot: { host: pilot.hostname, port: Number(pilot.port) },
          ports: { admin: adminPort },
          adminAddress: address,
          agentVersion: version,
        }),
      },
      createPartLog(`${workload} (Envoy)`, terminal, this.#log.write),
      systemClock,
      {
        stdout: this.#stdout,
        onLog: this.#log.write,
        ownGroup: true,
        onStart: guardian.watch,
        onEnd: guardian.release,
      },
    );
  }

  /** That of its workload. */
  get name(): string {
    return this.#options.workload;
  }

  get pid(): number | undefined {
    return this.#envoy.pid;
  }

  /** Starts it; says so when it cannot be started. Whether it can serve is seen by `whenLive`. */
  async start(): Promise<void> {
    try {
      await this.#envoy.start();
    } catch (error) {
      this.#terminal.trouble(`${this.#options.workload} (Envoy)`, describeError(error));
    }
  }

  /** Resolves with true when it has its configuration, or false when `signal` aborts before. */
  async whenLive(signal: AbortSignal): Promise<boolean> {
    const { address, adminPort } = this.#options;
    while (!signal.aborted) {
      const response = await fetch(`http://${address}:${adminPort}/ready`, { signal }).catch(
        () => undefined,
      );
      await response?.arrayBuffer().catch(() => undefined);
      if (response?.status === 200) return true;
      await delay(30, signal);
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#envoy.close();
    closeSync(this.#stdout);
    await this.#log.close();
  }
}
