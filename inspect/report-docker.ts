import Docker from 'dockerode';
import { type ReportItem, cutTail } from './report-items.ts';

/** The lines of a log that are asked for. */
const logLines = 5000;

/** The containers of the meshes on an Engine, with their logs; none where no Engine answers. */
export async function dockerItems(project: string | undefined): Promise<readonly ReportItem[]> {
  const docker = new Docker();
  const containers = await findContainers(docker, project).catch(() => undefined);
  if (containers === undefined || containers.length === 0) return [];
  return [
    {
      path: 'docker/ps.json',
      source: 'docker ps --all',
      read: () => Promise.resolve({ kind: 'json', value: containers }),
    },
    {
      path: 'docker/version.json',
      source: 'docker version',
      read: async () => ({ kind: 'json', value: await docker.version() }),
    },
    ...containers.flatMap((container) => itemsOf(docker, container)),
  ];
}

/** All of the Compose projects that have a sidecar: pods, applications and the control plane among them. */
async function findContainers(
  docker: Docker,
  project: string | undefined,
): Promise<readonly Docker.ContainerInfo[]> {
  const all = await docker.listContainers({ all: true });
  const projectOf = ({ Labels: labels }: Docker.ContainerInfo): string | undefined =>
    labels['com.docker.compose.project'];
  const meshes = new Set(
    all.filter(({ Labels: labels }) => labels['composemesh.role'] === 'sidecar').map(projectOf),
  );
  return all.filter((container) => {
    const own = projectOf(container);
    return own !== undefined && (project === undefined ? meshes.has(own) : own === project);
  });
}

function itemsOf(
  docker: Docker,
  { Id: id, Names: names }: Docker.ContainerInfo,
): readonly ReportItem[] {
  const name = (names[0] ?? id).replace(/^\//, '');
  const container = docker.getContainer(id);
  return [
    {
      path: `docker/${name}.inspect.json`,
      source: `docker inspect ${name}`,
      read: async () => ({ kind: 'json', value: await container.inspect() }),
    },
    {
      path: `docker/${name}.log`,
      source: `docker logs --tail ${logLines} ${name}`,
      read: async () => {
        const { Config: config } = await container.inspect();
        const frames = await container.logs({ stdout: true, stderr: true, tail: logLines });
        return { kind: 'log', text: cutTail(config.Tty ? frames : joinFrames(frames)) };
      },
    },
  ];
}

/** Output and errors come in frames with a head of eight bytes, the last four of which are the length (Docker API, attach). */
export function joinFrames(frames: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= frames.length;) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    parts.push(frames.subarray(at + 8, end));
    at = end;
  }
  return Buffer.concat(parts);
}
