import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Guardian } from '../../kit/guardian.ts';
import { type BootstrapOptions, renderBootstrap } from '../../sidecar/bootstrap/render.ts';
import { type NodeMetadata, formatNodeMetadata } from '../../sidecar/contract/node.ts';
import { envoyArguments } from '../../sidecar/envoy/process.ts';

export interface ProxyOptions {
  /** Path of Envoy. */
  readonly binary: string;
  /** HOST:PORT of pilot's ADS server. */
  readonly pilot: string;
  /** Folder of its own, for its sockets and logs; its path is short, since that of a socket is limited. */
  readonly folder: string;
  /** Name of the workload it stands beside. */
  readonly workload: string;
  /** Address of the workload. */
  readonly address: string;
  readonly metadata: NodeMetadata;
  /** Ends it when this process dies. */
  readonly guardian: Guardian;
}

/** A real Envoy with the bootstrap of a sidecar, for one test run. */
export class ProxyProcess implements Closer {
  readonly options: ProxyOptions;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, options: ProxyOptions) {
    this.#child = child;
    this.options = options;
  }

  /** Starts Envoy, and returns before it has its configuration. Throws OperationError `E_ENVOY_START`. */
  static async start(options: ProxyOptions): Promise<ProxyProcess> {
    const command = {
      binary: options.binary,
      concurrency: 1,
      logLevel: 'warning',
      drainTime: 1000,
      accessLogFlush: 5,
      bootstrap: renderTestBootstrap(options),
    };
    // Envoy opens its standard output again by its path, which works with a file and not with our pipes.
    const output = await open(accessLogPath(options.folder), 'a');
    const errors = await open(errorLogPath(options.folder), 'a');
    try {
      const child = spawn(options.binary, envoyArguments(command), {
        stdio: ['ignore', output.fd, errors.fd],
        // A group of its own is what the guardian can end.
        detached: true,
      });
      await once(child, 'spawn');
      guard(child, options.guardian);
      return new ProxyProcess(child, options);
    } catch (cause) {
      throw new OperationError('E_ENVOY_START', `cannot start Envoy as ${options.binary}`, {
        cause,
      });
    } finally {
      await output.close();
      await errors.close();
    }
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** What Envoy complained about. */
  async complaints(): Promise<readonly string[]> {
    const log = await readFile(errorLogPath(this.options.folder), 'utf8');
    return log.split('\n').filter((line) => /\]\[(warning|error|critical)\]/.test(line));
  }

  async close(): Promise<void> {
    if (this.ended) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

function guard(child: ChildProcess, guardian: Guardian): void {
  const { pid } = child;
  if (pid === undefined) return;
  guardian.watch(pid);
  child.once('exit', () => {
    guardian.release(pid);
  });
}

/** Where the Envoy of a folder writes its access log. */
export function accessLogPath(folder: string): string {
  return join(folder, 'access.log');
}

function errorLogPath(folder: string): string {
  return join(folder, 'envoy.log');
}

/** The bootstrap of a sidecar whose node is as a test wants it; its ports are free ones. */
export function renderTestBootstrap(
  {
    pilot,
    workload,
    address,
    metadata,
  }: Pick<ProxyOptions, 'pilot' | 'workload' | 'address' | 'metadata'>,
  ports: BootstrapOptions['ports'] = { admin: 0 },
): object {
  const { hostname, port } = new URL(`tcp://${pilot}`);
  const bootstrap = renderBootstrap({
    workload,
    app: workload,
    namespace: metadata.namespace,
    labels: metadata.labels,
    address,
    pilot: { host: hostname, port: Number(port) },
    ports,
  }) as { readonly node: object };
  return { ...bootstrap, node: { ...bootstrap.node, metadata: formatNodeMetadata(metadata) } };
}
