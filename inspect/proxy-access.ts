import type Docker from 'dockerode';
import { OperationError } from '../kit/errors.ts';
import type { ProxySync } from '../pilot/debug/sync-status.ts';
import { type EnvoyAdmin, adminAt, adminThrough, parseAdminAddress } from './envoy-admin.ts';
import type { MeshView } from './mesh-view.ts';
import { workloadOf } from './proxy-name.ts';
import type { SidecarContainer } from './sidecar-container.ts';

export interface AccessOptions {
  /** Compose project, where there are several with a mesh. */
  readonly project?: string;
}

type Place = Pick<ProxySync, 'proxy' | 'address'>;

/**
 * Finds the admin interfaces of Envoys: an embedded mesh says where they are; under Compose they listen on loopback of
 * their pods, where a process in the sidecar's container reaches them. Looks only once for all of them.
 */
export class ProxyAccess {
  readonly #mesh: MeshView;
  readonly #options: AccessOptions;
  #local: Promise<ReadonlyMap<string, string>> | undefined;
  #docker: Promise<DockerSidecars> | undefined;

  constructor(mesh: MeshView, options: AccessOptions = {}) {
    this.#mesh = mesh;
    this.#options = options;
  }

  /** Throws OperationError `E_PROXY_ACCESS`, with how to reach it all the same. */
  async adminOf(proxy: Place): Promise<EnvoyAdmin> {
    const url = (await this.#localAdmins()).get(workloadOf(proxy.proxy));
    if (url !== undefined) {
      const { hostname, port } = new URL(url);
      return adminAt(hostname, Number(port));
    }
    const { docker, connectInside, container, name, adminPort } = await this.#sidecarOf(proxy);
    return adminThrough(`127.0.0.1:${adminPort} in the container ${name}`, () =>
      connectInside(docker, container, adminPort),
    );
  }

  /** The container of a sidecar, where Docker has it. Throws OperationError `E_PROXY_ACCESS`. */
  async containerOf(proxy: Place): Promise<SidecarContainer> {
    return this.#sidecarOf(proxy);
  }

  #localAdmins(): Promise<ReadonlyMap<string, string>> {
    this.#local ??= this.#mesh.local().then((view) => {
      const { workloads = [], ingress = [] } = view ?? {};
      return new Map([
        ...workloads.map(({ name, admin }) => [name, admin] as const),
        ...ingress.map(({ admin }) => ['ingress', admin] as const),
      ]);
    });
    return this.#local;
  }

  async #sidecarOf(proxy: Place): Promise<DockerSidecars & SidecarContainer> {
    this.#docker ??= findContainers(this.#options.project);
    const found = await this.#docker.catch((cause: unknown) => {
      throw unreachable(proxy, 'Docker does not answer here', cause);
    });
    const sidecar = found.sidecars.find(({ addresses }) => addresses.includes(proxy.address));
    if (sidecar === undefined) {
      throw unreachable(proxy, `Docker here has no sidecar at ${proxy.address}`);
    }
    return { ...found, ...sidecar };
  }
}

interface DockerSidecars {
  readonly docker: Docker;
  readonly sidecars: readonly SidecarContainer[];
  readonly connectInside: typeof import('./sidecar-container.ts').connectInside;
}

async function findContainers(project: string | undefined): Promise<DockerSidecars> {
  const { default: Docker } = await import('dockerode');
  const { connectInside, listSidecars } = await import('./sidecar-container.ts');
  const docker = new Docker();
  return { docker, sidecars: await listSidecars(docker, project), connectInside };
}

function unreachable({ proxy }: Place, why: string, cause?: unknown): OperationError {
  const text =
    `cannot reach the Envoy of ${proxy}: ${why}, and the mesh is no embedded one. ` +
    'Where it is, its admin interface is on 127.0.0.1:15000: bring it here (ssh -L 15000:127.0.0.1:15000 HOST) and name it with --admin 127.0.0.1:15000, or save a dump there (curl localhost:15000/config_dump?include_eds) and read it with --file';
  return new OperationError('E_PROXY_ACCESS', text, cause === undefined ? {} : { cause });
}

/** The admin interface that a user names. Throws OperationError `E_USAGE`. */
export function namedAdmin(text: string): EnvoyAdmin {
  const place = parseAdminAddress(text);
  if (place !== undefined) return adminAt(place.host, place.port);
  throw new OperationError(
    'E_USAGE',
    `--admin "${text}" is not HOST:PORT, such as 127.0.0.1:15000`,
  );
}
