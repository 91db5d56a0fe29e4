import { type Duplex, PassThrough } from 'node:stream';
import { Duplex as DuplexStream } from 'node:stream';
import type Docker from 'dockerode';
import { OperationError } from '../kit/errors.ts';

/** The container of a sidecar, and where its workload is in the network. */
export interface SidecarContainer {
  readonly container: Docker.Container;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Port of Envoy's admin interface, on loopback of the pod's network. */
  readonly adminPort: number;
}

/** The sidecars that run on an Engine, of one Compose project or of all. Throws what dockerode throws. */
export async function listSidecars(
  docker: Docker,
  project: string | undefined,
): Promise<readonly SidecarContainer[]> {
  const label = [
    'composemesh.role=sidecar',
    ...(project === undefined ? [] : [`com.docker.compose.project=${project}`]),
  ];
  const found = await docker.listContainers({ filters: { label } });
  return Promise.all(found.map(({ Id: id }) => inspectSidecar(docker, docker.getContainer(id))));
}

async function inspectSidecar(
  docker: Docker,
  container: Docker.Container,
): Promise<SidecarContainer> {
  const { HostConfig: host, Config: config, Name: name } = await container.inspect();
  // A sidecar is in the network of its pod.
  const [, pod] = /^container:(.+)$/.exec(host.NetworkMode ?? '') ?? [];
  const owner = pod === undefined ? container : docker.getContainer(pod);
  const { NetworkSettings: settings } = await owner.inspect();
  return {
    container,
    name: name.replace(/^\//, ''),
    addresses: Object.values(settings.Networks).map(({ IPAddress: address }) => address),
    adminPort: adminPortOf(config.Env),
  };
}

/** sidecar/config.ts has the default. */
function adminPortOf(env: readonly string[]): number {
  const own = env.find((entry) => entry.startsWith('CMESH_ADMIN_PORT='))?.split('=')[1];
  const port = Number(own);
  return Number.isInteger(port) && port > 0 ? port : 15_000;
}

/** Passes bytes between its input and output and a port of loopback; any image with Node can run it. */
const relay = (port: number): string =>
  `const s=require('node:net').connect(${port},'127.0.0.1');` +
  `s.on('error',(e)=>{process.stderr.write(e.message);process.exit(1)});` +
  `process.stdin.pipe(s);s.pipe(process.stdout)`;

/**
 * A connection to a port of loopback inside a container, by a process in it: neither a published port nor a route to
 * the container's address is needed, so it works through a remote Engine too. Throws OperationError `E_DOCKER_EXEC`.
 */
export async function connectInside(
  docker: Docker,
  container: Docker.Container,
  port: number,
): Promise<Duplex> {
  try {
    const exec = await container.exec({
      Cmd: ['node', '-e', relay(port)],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    return demultiplex(docker, stream);
  } catch (cause) {
    throw new OperationError('E_DOCKER_EXEC', 'cannot run a process in the sidecar container', {
      cause,
    });
  }
}

/** The Engine carries output and errors of a process in frames on one stream. */
function demultiplex(docker: Docker, stream: Duplex): Duplex {
  const output = new PassThrough();
  const errors = new PassThrough();
  let complaint = '';
  errors.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  docker.modem.demuxStream(stream, output, errors);
  const connection = DuplexStream.from({ writable: stream, readable: output });
  stream.once('end', () => {
    if (complaint === '') output.end();
    else connection.destroy(new Error(complaint));
  });
  connection.once('close', () => stream.destroy());
  return connection;
}
