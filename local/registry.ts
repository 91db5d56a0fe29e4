import { sameElements } from '../kit/same-elements.ts';
import { type Watched, WatchedCell } from '../kit/watched.ts';
import type { Endpoint, RegisteredService } from '../pilot/model/service.ts';
import { serviceHostname } from '../registrator/contract/service-record.ts';
import type { MeshFile, MeshFileService } from './mesh-file.ts';
import { type PlannedWorkload, labelsOf } from './plan.ts';

/**
 * The services of a mesh file as pilot knows them. A workload gets calls exactly as long as its application accepts
 * connections; while it does not, its service and its own proxy stay as they are.
 */
export class LocalRegistry {
  readonly #services = new WatchedCell<readonly RegisteredService[]>(sameElements);
  readonly #workloads: readonly PlannedWorkload[];
  readonly #up = new Set<PlannedWorkload>();

  constructor(file: MeshFile, workloads: readonly PlannedWorkload[]) {
    this.#workloads = workloads;
    this.#services.set(file.services.map((service) => this.#register(service)).sort(byHostname));
  }

  get services(): Watched<readonly RegisteredService[]> {
    return this.#services;
  }

  setUp(workload: PlannedWorkload, up: boolean): void {
    if (up) this.#up.add(workload);
    else this.#up.delete(workload);
    const hostname = serviceHostname(workload.service.name);
    const current = this.#services.current() ?? [];
    this.#services.set(
      current.map((known) =>
        known.hostname === hostname ? this.#register(workload.service) : known,
      ),
    );
  }

  #register(service: MeshFileService): RegisteredService {
    const { name, port, protocol } = service;
    const own = this.#workloads
      .filter((workload) => workload.service === service)
      .map((workload): Endpoint => ({
        address: workload.address,
        port: workload.ports.inbound,
        servicePort: port,
        labels: workload.labels,
        ...(this.#up.has(workload) ? {} : { down: true }),
      }));
    const others = service.endpoints.map((endpoint): Endpoint => ({
      address: endpoint.address,
      port: endpoint.port,
      servicePort: port,
      labels: labelsOf(name, endpoint.version),
    }));
    return {
      hostname: serviceHostname(name),
      namespace: 'default',
      ports: [
        {
          number: port,
          name: `${protocol ?? 'port'}-${port}`,
          ...(protocol === undefined ? {} : { protocol }),
        },
      ],
      resolution: 'static',
      endpoints: [...own, ...others].sort(byPlace),
    };
  }
}

function byHostname(left: RegisteredService, right: RegisteredService): number {
  return left.hostname < right.hostname ? -1 : 1;
}

function byPlace(left: Endpoint, right: Endpoint): number {
  if (left.address !== right.address) return left.address < right.address ? -1 : 1;
  return left.port - right.port;
}
