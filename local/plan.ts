import type { MeshFile, MeshFileService, MeshFileVersion } from './mesh-file.ts';
import type { Loopback, PortFinder } from './loopback.ts';

/** One process of an application and the Envoy beside it: who they are and where they listen. */
export interface PlannedWorkload {
  /** Unique, such as reviews-v1. */
  readonly name: string;
  readonly service: MeshFileService;
  readonly version?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly application: MeshFileVersion;
  /** The workload's address in the mesh. */
  readonly address: string;
  readonly ports: WorkloadPorts;
}

export interface WorkloadPorts {
  /** Where callers find the workload: its sidecar listens there, at its address. */
  readonly inbound: number;
  /** Where the application itself listens, on 127.0.0.1. */
  readonly app: number;
  /** Where the application finds the HTTP proxy of its sidecar. */
  readonly proxy: number;
  readonly admin: number;
}

/** What a proxy at an address of its own listens on, as in a container (Istio's). */
export const usualPorts = { admin: 15_000, proxy: 15_002 } as const;

/** Gives every version that has a command an address and ports. */
export async function planWorkloads(
  file: MeshFile,
  loopback: Loopback,
  ports: PortFinder,
): Promise<readonly PlannedWorkload[]> {
  const running = file.services.flatMap((service) =>
    service.versions
      .filter(({ command }) => command !== undefined)
      .map((application) => ({ service, application })),
  );
  const fixed = new Set(running.map(({ application }) => application.appPort));
  const planned: PlannedWorkload[] = [];
  for (const { service, application } of running) {
    const { version, appPort } = application;
    const address = loopback.nextAddress();
    planned.push({
      name: [service.name, version].filter((part) => part !== undefined).join('-'),
      service,
      labels: labelsOf(service.name, version),
      application,
      address,
      ports: {
        // An application with a port of its own may take it on every address.
        inbound: await ports.find(address, usualPort(address, service.port, fixed)),
        app: appPort ?? (await ports.find('127.0.0.1')),
        proxy: await ports.find(address, usualPort(address, usualPorts.proxy, fixed)),
        admin: await ports.find(address, usualPort(address, usualPorts.admin, fixed)),
      },
      ...(version === undefined ? {} : { version }),
    });
  }
  return planned;
}

function usualPort(
  address: string,
  port: number,
  fixed: ReadonlySet<number | undefined>,
): number | undefined {
  return address === '127.0.0.1' || fixed.has(port) ? undefined : port;
}

/** The labels by which rules tell workloads apart. */
export function labelsOf(
  service: string,
  version: string | undefined,
): Readonly<Record<string, string>> {
  return { app: service, ...(version === undefined ? {} : { version }) };
}
