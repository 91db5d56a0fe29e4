import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { Endpoint, Service } from '../../pilot/model/service.ts';
import type { Caller } from '../mesh/mesh-under-test.ts';
import { type TestService, type TestWorkload, hostnameOf, meshDomain } from '../mesh/service.ts';

/** A workload of a running mesh. */
export interface LiveWorkload extends TestWorkload {
  /** Short name of its service, or the full one where it is of another domain. */
  readonly service: string;
  readonly address: string;
  /** ADDRESS:PORT where others find it, of each port of its service. */
  readonly places: readonly { readonly port: number; readonly address: string }[];
}

/**
 * The workloads behind the services of a mesh. They are called after service and version, and after their address
 * where that is not enough. What ServiceEntries name outside the mesh has none.
 */
export function listWorkloads(
  services: readonly Service[],
  endpoints: Readonly<Record<string, readonly Endpoint[]>>,
  rules: ResourceSet,
): readonly LiveWorkload[] {
  const declared = declaredHosts(rules);
  const found = services
    .filter(({ hostname }) => !declared.has(hostname))
    .flatMap(({ hostname }) => groupEndpoints(shorten(hostname), endpoints[hostname] ?? []));
  const count = (name: string): number => found.filter((other) => other.name === name).length;
  return found.map((workload) =>
    count(workload.name) < 2
      ? workload
      : { ...workload, name: `${workload.name}@${workload.address}` },
  );
}

/** The services of a mesh, to try rules with. */
export function liveServices(
  services: readonly Service[],
  workloads: readonly LiveWorkload[],
  rules: ResourceSet,
): readonly TestService[] {
  const declared = declaredHosts(rules);
  return services
    .filter(({ hostname }) => !declared.has(hostname))
    .map(({ hostname, ports }) => ({
      name: shorten(hostname),
      ports: ports.map(({ number, protocol }) => ({
        number,
        ...(protocol === undefined ? {} : { protocol }),
      })),
      workloads: workloads.filter(({ service }) => service === shorten(hostname)),
    }));
}

/** The workload that a caller means: the one of its name, else the first that has all of its labels. */
export function findLiveWorkload(
  { workload, labels }: Caller,
  workloads: readonly LiveWorkload[],
): LiveWorkload | undefined {
  const wanted = Object.entries(labels);
  return (
    workloads.find(({ name }) => name === workload) ??
    workloads.find(
      (candidate) =>
        wanted.length > 0 && wanted.every(([name, value]) => candidate.labels[name] === value),
    ) ??
    workloads.find(({ service, version }) => workload === `${service}-${version ?? ''}`)
  );
}

function groupEndpoints(service: string, endpoints: readonly Endpoint[]): readonly LiveWorkload[] {
  const groups = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    // On a laptop without addresses of their own, workloads differ in their ports alone.
    const key = `${endpoint.address} ${JSON.stringify(endpoint.labels)}`;
    groups.set(key, [...(groups.get(key) ?? []), endpoint]);
  }
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { version } = first.labels;
    return [
      {
        service,
        name: version === undefined ? service : `${service}-${version}`,
        ...(version === undefined ? {} : { version }),
        labels: first.labels,
        address: first.address,
        places: members.map(({ servicePort, address, port }) => ({
          port: servicePort,
          address: `${address}:${port}`,
        })),
      },
    ];
  });
}

function declaredHosts(rules: ResourceSet): ReadonlySet<string> {
  return new Set(
    rules.flatMap((rule) =>
      rule.kind === 'ServiceEntry' ? rule.spec.hosts.map((name) => hostnameOf({ name })) : [],
    ),
  );
}

function shorten(hostname: string): string {
  const suffix = `.${meshDomain}`;
  const short = hostname.endsWith(suffix) ? hostname.slice(0, -suffix.length) : hostname;
  return short.includes('.') ? hostname : short;
}
