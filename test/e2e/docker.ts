import { attempt, run } from './command.ts';

/** Runs the Docker client in the repository's folder; returns what it printed. Throws with its error text. */
export function docker(...args: readonly string[]): Promise<string> {
  return run('docker', args);
}

/** What a container has written so far, standard output before standard error. */
export async function logsOf(container: string, ...options: readonly string[]): Promise<string> {
  const { stdout, stderr } = await attempt('docker', ['logs', ...options, container]);
  return stdout + stderr;
}

/** Builds `image`, or a stage of it, from its Dockerfile under compose/images; in the host's network, for the registries. */
export async function buildImage(image: string, folder: string, target?: string): Promise<void> {
  const file = ['--file', `compose/images/${folder}/Dockerfile`];
  const stage = target === undefined ? [] : ['--target', target];
  await docker('build', '--quiet', '--network', 'host', '--tag', image, ...file, ...stage, '.');
}

/** The containers and networks of one suite, with names of its own; removed together. */
export class DockerBench {
  readonly #prefix = `cmesh-e2e-${process.pid}`;
  readonly #containers: string[] = [];
  readonly #networks: string[] = [];

  /** Creates a network; returns its name. */
  async network(name: string, ...options: readonly string[]): Promise<string> {
    const full = `${this.#prefix}-${name}`;
    await docker('network', 'create', ...options, full);
    this.#networks.push(full);
    return full;
  }

  /** Starts a container with `docker run --detach`; returns its name. */
  async start(name: string, ...args: readonly string[]): Promise<string> {
    const full = `${this.#prefix}-${name}`;
    this.#containers.push(full);
    await docker('run', '--detach', '--name', full, ...args);
    return full;
  }

  async close(): Promise<void> {
    if (this.#containers.length > 0) await docker('rm', '--force', ...this.#containers);
    if (this.#networks.length > 0) await docker('network', 'rm', ...this.#networks);
  }
}
