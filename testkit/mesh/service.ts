import type { RegisteredService } from '../../pilot/model/service.ts';
import type { ServiceEntry } from '../../pilot/api/resource.ts';
import type { Protocol } from '../../registrator/contract/service-record.ts';

/** A service that rules are tried with. */
export interface TestService {
  /** Short name in the domain of the mesh, or a full host name. */
  readonly name: string;
  /** In the order of their numbers or not; at least one. */
  readonly ports: readonly TestPort[];
  /** At least one. */
  readonly workloads: readonly TestWorkload[];
}

export interface TestPort {
  readonly number: number;
  readonly protocol?: Protocol;
}

/** What stands behind a service: one version of it, usually. */
export interface TestWorkload {
  readonly name: string;
  readonly version?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const meshDomain = 'service.consul';
export const meshNamespace = 'default';

/** The full host name of a service: names without a dot are names in the mesh's domain. */
export function hostnameOf({ name }: Pick<TestService, 'name'>): string {
  return name.includes('.') ? name : `${name}.${meshDomain}`;
}

/** Where the backend of a workload listens for a port of its service, on 127.0.0.1. */
export type BackendPort = (workload: TestWorkload, port: TestPort) => number;

/** The services as a registry knows them, with the backends as their members. */
export function registerServices(
  services: readonly TestService[],
  portOf: BackendPort,
): readonly RegisteredService[] {
  return services
    .map(({ name, ports, workloads }) => ({
      hostname: hostnameOf({ name }),
      namespace: meshNamespace,
      resolution: 'static' as const,
      ports: ports
        .map(({ number, protocol }) => ({
          number,
          name: `${protocol ?? 'port'}-${number}`,
          ...(protocol === undefined ? {} : { protocol }),
        }))
        .sort((left, right) => left.number - right.number),
      endpoints: workloads
        .flatMap((workload) =>
          ports.map((port) => ({
            address: '127.0.0.1',
            port: portOf(workload, port),
            servicePort: port.number,
            labels: workload.labels,
          })),
        )
        .sort((left, right) => left.port - right.port),
    }))
    .sort((left, right) => (left.hostname < right.hostname ? -1 : 1));
}

/** What a ServiceEntry declares, as far as backends stand for it. */
export interface EntryService {
  readonly service: { readonly name: string; readonly ports: readonly NamedPort[] };
  /** One for each set of labels that its endpoints have; one without when it has none. */
  readonly workloads: readonly TestWorkload[];
}

interface NamedPort extends TestPort {
  readonly name: string;
}

/** The hosts of an entry share their backends, which go by the name of the first. */
export function entryService({ key, spec }: ServiceEntry): EntryService {
  const name = spec.hosts[0] ?? key.name;
  const labels = (spec.endpoints ?? [{}]).map((endpoint) => endpoint.labels ?? {});
  const distinct = new Map(labels.map((set) => [JSON.stringify(set), set]));
  return {
    service: {
      name,
      ports: (spec.ports ?? []).map((port) => ({ number: port.number, name: port.name })),
    },
    workloads: [...distinct.values()].map((set, index) => {
      const { version } = set;
      const own = version ?? String(index + 1);
      return {
        name: distinct.size === 1 ? name : `${name}-${own}`,
        ...(version === undefined ? {} : { version }),
        labels: set,
      };
    }),
  };
}
