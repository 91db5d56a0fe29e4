import type { Outcome } from '../../kit/http-outcome.ts';
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { OperationError } from '../../kit/errors.ts';
import { Lifecycle } from '../../kit/lifecycle.ts';
import {
  type ProbeAnswer,
  type ProbeRequest,
  probePath,
  probeUser,
} from '../../sidecar/contract/probe.ts';
import { LiveLog, createLineReader } from './live-log.ts';
import type { LiveSite } from './live-mesh.ts';
import type { LiveWorkload } from './live-workload.ts';
import type { TestRequest } from '../mesh/observation.ts';

interface Sidecar {
  readonly workload: LiveWorkload;
  readonly container: Docker.Container;
}

/** A mesh of Docker Compose: requests are sent by a probe in the sidecar's container, and its output is its log. */
export class ComposeSite implements LiveSite {
  readonly log = new LiveLog();
  readonly #lifecycle = new Lifecycle();
  readonly #docker: Docker;
  readonly #sidecars = new Map<string, Sidecar>();
  readonly #probes = new Map<string, Promise<Probe>>();

  private constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Throws OperationError `E_LIVE_SITE` when Docker cannot be asked, or has no sidecar of these workloads. */
  static async open(
    workloads: readonly LiveWorkload[],
    project: string | undefined,
  ): Promise<ComposeSite> {
    const site = new ComposeSite(new Docker());
    try {
      await site.#findSidecars(workloads, project);
      await Promise.all([...site.#sidecars.values()].map((sidecar) => site.#follow(sidecar)));
      return site;
    } catch (cause) {
      await site.close();
      if (cause instanceof OperationError) throw cause;
      throw new OperationError('E_LIVE_SITE', 'cannot ask Docker for the sidecars of the mesh', {
        cause,
      });
    }
  }

  async send(workload: LiveWorkload, request: TestRequest, timeout: number): Promise<Outcome> {
    const known = this.#probes.get(workload.name) ?? this.#startProbe(workload);
    this.#probes.set(workload.name, known);
    return (await known).send(request, timeout);
  }

  /** They are followed. */
  readLogs(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  async #findSidecars(
    workloads: readonly LiveWorkload[],
    project: string | undefined,
  ): Promise<void> {
    const label = [
      'composemesh.role=sidecar',
      ...(project === undefined ? [] : [`com.docker.compose.project=${project}`]),
    ];
    const found = await this.#docker.listContainers({ filters: { label } });
    for (const { Id: id } of found) {
      const container = this.#docker.getContainer(id);
      const addresses = await this.#addressesOf(container);
      for (const workload of workloads.filter(({ address }) => addresses.includes(address))) {
        this.#sidecars.set(workload.name, { workload, container });
      }
    }
    if (this.#sidecars.size > 0) return;
    const where = project === undefined ? '' : ` of the project ${project}`;
    throw new OperationError(
      'E_LIVE_SITE',
      `Docker has no sidecar${where} for the workloads that pilot knows`,
    );
  }

  /** A sidecar is in the network of its pod. */
  async #addressesOf(container: Docker.Container): Promise<readonly string[]> {
    const { HostConfig: host } = await container.inspect();
    const [, pod] = /^container:(.+)$/.exec(host.NetworkMode ?? '') ?? [];
    const owner = pod === undefined ? container : this.#docker.getContainer(pod);
    const { NetworkSettings: settings } = await owner.inspect();
    return Object.values(settings.Networks).map(({ IPAddress: address }) => address);
  }

  async #follow({ workload, container }: Sidecar): Promise<void> {
    const since = Math.floor(Date.now() / 1000);
    const stream = (await container.logs({
      follow: true,
      stdout: true,
      stderr: false,
      since,
    })) as unknown as Duplex;
    this.#lifecycle.add({ close: () => void stream.destroy() });
    const read = createLineReader((line) => {
      this.log.take(workload.name, line);
    });
    this.#docker.modem.demuxStream(stream, sink(read), sink());
  }

  async #startProbe(workload: LiveWorkload): Promise<Probe> {
    const sidecar = this.#sidecars.get(workload.name);
    if (sidecar === undefined) {
      throw new OperationError('E_LIVE_SITE', `Docker has no sidecar of ${workload.name}`);
    }
    const exec = await sidecar.container.exec({
      Cmd: ['node', probePath],
      User: probeUser,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const probe = new Probe(stream);
    this.#docker.modem.demuxStream(stream, sink(probe.read), sink(probe.complain));
    return this.#lifecycle.add(probe);
  }
}

/** Takes a stream of the Engine chunk by chunk. */
function sink(onChunk: (chunk: Buffer) => void = () => undefined): PassThrough {
  const stream = new PassThrough();
  stream.on('data', onChunk);
  return stream;
}

/** The probe in the container of one sidecar (sidecar/probe.ts). */
class Probe {
  readonly #stream: Duplex;
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  #complaints = '';
  #sent = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once('end', () => {
      this.#end();
    });
    stream.on('error', () => {
      this.#end();
    });
  }

  readonly read = createLineReader((line) => {
    const { id, outcome } = JSON.parse(line) as ProbeAnswer;
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  });

  readonly complain = (chunk: Buffer): void => {
    this.#complaints += chunk.toString();
  };

  send(request: TestRequest, timeout: number): Promise<Outcome> {
    this.#sent += 1;
    const line: ProbeRequest = { ...request, id: String(this.#sent), timeout };
    return new Promise((resolve) => {
      this.#waiting.set(line.id, resolve);
      this.#stream.write(`${JSON.stringify(line)}\n`);
    });
  }

  close(): void {
    this.#stream.end();
    this.#stream.destroy();
    this.#end();
  }

  #end(): void {
    const words = this.#complaints.trim().split('\n').slice(0, 3).join(' ');
    const reason = `the probe in the sidecar has ended${words === '' ? '' : `: ${words}`}`;
    for (const resolve of this.#waiting.values()) resolve({ kind: 'failure', reason, took: 0 });
    this.#waiting.clear();
  }
}
