/** A Docker Engine beside the machine's own, to be ended and started again: nobody else has containers on it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);

/** Without one a daemon removes docker0, which is that of the machine's own Engine. */
const bridge = `cmesh-${process.pid}`;

export class OwnEngine {
  readonly #folder: string;
  #daemon: ChildProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a daemon that leaves the packet filter alone: its containers are to be on the network of the host. */
  static async start(): Promise<OwnEngine> {
    const engine = new OwnEngine(await mkdtemp(join(tmpdir(), 'composemesh-engine-')));
    try {
      await writeFile(join(engine.#folder, 'daemon.json'), '{}');
      await run('ip', ['link', 'add', 'name', bridge, 'type', 'bridge']);
      await run('ip', ['address', 'add', '10.213.0.1/24', 'dev', bridge]);
      await engine.resume();
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  /** DOCKER_HOST for it. */
  get dockerHost(): string {
    return `unix://${join(this.#folder, 'docker.sock')}`;
  }

  /** Runs the docker CLI against it; resolves with what it printed. */
  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['-H', this.dockerHost, ...args]);
    return stdout.trim();
  }

  /** Copies an image of the machine's own Engine. */
  async load(image: string): Promise<void> {
    const file = join(this.#folder, 'image.tar');
    await run('docker', ['save', '-o', file, image]);
    await this.docker('load', '-i', file);
    await rm(file);
  }

  /** Ends the daemon. By `SIGKILL` its containers go on running until it is back. */
  async halt(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    this.#daemon = undefined;
    if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
    await this.#untilContainerdEnded();
  }

  /** Starts the daemon (again); resolves when it answers. */
  async resume(): Promise<void> {
    const place = (name: string): string => join(this.#folder, name);
    await rm(place('pid'), { force: true });
    const log = await open(place('log'), 'a');
    const daemon = spawn(
      'dockerd',
      [
        ...['--data-root', place('data'), '--exec-root', place('exec'), '--pidfile', place('pid')],
        ...['--config-file', place('daemon.json'), '--host', this.dockerHost],
        ...['--bridge', bridge, '--iptables=false', '--ip6tables=false'],
      ],
      { stdio: ['ignore', log.fd, log.fd] },
    );
    this.#daemon = daemon;
    await log.close();
    await until(
      'the daemon to answer',
      async () => {
        if (daemon.exitCode !== null) {
          throw new Error(`dockerd ended by itself:\n${await readFile(place('log'), 'utf8')}`);
        }
        return this.#answers();
      },
      60_000,
    );
  }

  #answers(): Promise<boolean> {
    return this.docker('version').then(
      () => true,
      () => false,
    );
  }

  /** It ends with the daemon, a moment later; a daemon that finds it alive takes it for its own. */
  async #untilContainerdEnded(): Promise<void> {
    const file = join(this.#folder, 'exec/containerd/containerd.pid');
    const pid = Number(await readFile(file, 'utf8').catch(() => 'none'));
    await until('containerd to end', () => Number.isNaN(pid) || !isAlive(pid));
  }

  /** Ends it with all its containers. */
  async stop(): Promise<void> {
    if (await this.#answers()) {
      const ids = (await this.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await this.docker('rm', '-f', ...ids);
    }
    await this.halt('SIGTERM');
    // It leaves these two mounted.
    for (const part of ['data', 'exec/netns/default']) {
      await run('umount', [join(this.#folder, part)]).catch(() => undefined);
    }
    await run('ip', ['link', 'delete', bridge]).catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
