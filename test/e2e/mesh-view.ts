/** Which instances each part of the mesh believes in, to be compared with the containers that run. */
import { askEnvoy, consul, containerOf, getJson, lines, pilot, project } from './stack.ts';
import { docker } from './docker.ts';
import { runIn } from './traffic.ts';

/** Service → addresses `ip:port` of its instances, sorted. */
export type Instances = Readonly<Record<string, readonly string[]>>;

interface Inspection {
  readonly Id: string;
  readonly State: { readonly Running: boolean; readonly Health?: { readonly Status: string } };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly NetworkMode: string };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

/** The instances that can serve: app, sidecar and pod run, and the sidecar says that it is ready. */
export async function runningInstances(): Promise<Instances> {
  const filter = `label=com.docker.compose.project=${project}`;
  const ids = lines(await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', filter));
  const containers = JSON.parse(await docker('inspect', ...ids)) as Inspection[];
  const serving = containers.filter(({ State }) => State.Running);
  const pods = new Map(serving.map((one) => [`container:${one.Id}`, one]));
  const ready = new Set(
    serving
      .filter(({ Config }) => Config.Labels['composemesh.role'] === 'sidecar')
      .filter(({ State }) => State.Health?.Status === 'healthy')
      .map(({ HostConfig }) => HostConfig.NetworkMode),
  );
  return collect(
    serving.flatMap(({ Config, HostConfig: { NetworkMode: mode } }) => {
      const service = Config.Labels['SERVICE_NAME'];
      const pod = pods.get(mode);
      if (service === undefined || pod === undefined || !ready.has(mode)) return [];
      const address = Object.values(pod.NetworkSettings.Networks)[0]?.IPAddress ?? '';
      return [[service, `${address}:9080`] as const];
    }),
  );
}

/** What Consul would route to. Rejects when it does not answer. */
export async function consulInstances(): Promise<Instances> {
  interface Check {
    readonly Status: string;
    readonly ServiceID: string;
  }
  interface Service {
    readonly ID: string;
    readonly Service: string;
    readonly Address: string;
    readonly Port: number;
  }
  const [services, checks] = await Promise.all([
    getJson<Record<string, Service>>(`${consul}/v1/agent/services`),
    getJson<Record<string, Check>>(`${consul}/v1/agent/checks`),
  ]);
  const failing = new Set(
    Object.values(checks)
      .filter(({ Status }) => Status !== 'passing')
      .map(({ ServiceID }) => ServiceID),
  );
  return collect(
    Object.values(services)
      .filter(({ ID }) => !failing.has(ID))
      .map(({ Service, Address, Port }) => [Service, `${Address}:${Port}`] as const),
  );
}

/** What pilot tells the proxies. Rejects when it does not answer. */
export async function pilotInstances(): Promise<Instances> {
  const endpoints = await getJson<Record<string, { address: string; port: number }[]>>(
    `${pilot}/debug/endpoints`,
  );
  return collect(
    Object.entries(endpoints).flatMap(([hostname, members]) =>
      members.map(({ address, port }) => [shortName(hostname), `${address}:${port}`] as const),
    ),
  );
}

interface Clusters {
  readonly cluster_statuses?: readonly {
    readonly name: string;
    readonly host_statuses?: readonly {
      readonly address: { readonly socket_address?: { address: string; port_value: number } };
    }[];
  }[];
}

const clustersPath = '/clusters?format=json';

/** What the Envoy of a sidecar sends requests to, asked once. */
export async function envoyInstances(sidecar: string): Promise<Instances> {
  const reply = await askEnvoy(sidecar, clustersPath);
  const body = reply.slice(reply.indexOf('{\n'), reply.lastIndexOf('}') + 1);
  return parseClusters(JSON.parse(body) as Clusters);
}

function parseClusters({ cluster_statuses: clusters = [] }: Clusters): Instances {
  return collect(
    clusters.flatMap(({ name, host_statuses: hosts = [] }) => {
      const [direction, , subset, hostname = ''] = name.split('|');
      if (direction !== 'outbound' || subset !== '') return [];
      return hosts.flatMap(({ address: { socket_address: address } }) =>
        address === undefined
          ? []
          : [[shortName(hostname), `${address.address}:${address.port_value}`] as const],
      );
    }),
  );
}

export interface Sighting {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly instances: Instances;
}

/** Prints what Envoy's admin interface says of its clusters, ten times a second. */
const reporter = `
const { get } = require('node:http');
setInterval(() => {
  const at = Date.now();
  get('http://127.0.0.1:15000${clustersPath}', (response) => {
    let body = '';
    response.on('data', (chunk) => (body += chunk));
    response.on('end', () => console.log(JSON.stringify({ at, clusters: JSON.parse(body) })));
  }).on('error', () => undefined);
}, 100);
process.stdin.on('end', () => process.exit(0)).resume();
`;

/** Watches what one Envoy believes: remembers every change of it. */
export class EnvoyWatch {
  readonly sightings: Sighting[] = [];
  readonly #program;

  /** `workload`: whose sidecar is watched. */
  constructor(workload: string) {
    this.#program = runIn(containerOf(`${workload}-sidecar`), reporter);
    this.#program.onLine((line) => {
      const { at, clusters } = JSON.parse(line) as { at: number; clusters: Clusters };
      const instances = parseClusters(clusters);
      const last = this.sightings.at(-1);
      if (last !== undefined && JSON.stringify(last.instances) === JSON.stringify(instances)) {
        return;
      }
      this.sightings.push({ at, instances });
    });
  }

  get latest(): Instances {
    return this.sightings.at(-1)?.instances ?? {};
  }

  close(): Promise<void> {
    return this.#program.end();
  }
}

function collect(pairs: readonly (readonly [string, string])[]): Instances {
  const found = new Map<string, string[]>();
  for (const [service, address] of pairs) {
    found.set(service, [...(found.get(service) ?? []), address]);
  }
  return Object.fromEntries(
    [...found]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([service, addresses]) => [service, addresses.sort()]),
  );
}

/** `reviews.service.consul` → reviews. */
function shortName(hostname: string): string {
  return hostname.split('.')[0] ?? '';
}
