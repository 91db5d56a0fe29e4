import type { Endpoint, RegisteredService, ServicePort } from '../model/service.ts';
import { endpointKey, portKey, unionBy } from './settle.ts';

interface Absence {
  readonly service: RegisteredService;
  readonly port: ServicePort;
  readonly endpoint: Endpoint;
  /** When it is forgotten (ms since the epoch). */
  readonly until: number;
}

/**
 * Remembers for a while the instances that a registry no longer lists, as down. An application that restarts is
 * deregistered and registered again; without the memory a service would go with its last instance, so that its
 * callers get 404 where 503 is true, and the proxy beside the application would change its inbound listener
 * twice.
 */
export class AbsenceMemory {
  readonly #time: number;
  #listed: readonly RegisteredService[] = [];
  #absences: ReadonlyMap<string, Absence> = new Map();

  /** `time`: how long to remember (ms). */
  constructor(time: number) {
    this.#time = time;
  }

  /** When the next instance is forgotten (ms since the epoch); undefined when none is remembered. */
  get nextForgetting(): number | undefined {
    const times = [...this.#absences.values()].map(({ until }) => until);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The services that are listed now, with what is remembered of them. */
  complete(listed: readonly RegisteredService[], now: number): readonly RegisteredService[] {
    const candidates = new Map([...this.#findChanged(listed, now), ...this.#absences]);
    this.#listed = listed;
    if (candidates.size === 0) return listed;
    const taken = new Set(listed.flatMap(({ endpoints }) => endpoints.map(placeOf)));
    this.#absences = new Map(
      [...candidates].filter(
        ([, { endpoint, until }]) => until > now && !taken.has(placeOf(endpoint)),
      ),
    );
    return this.#absences.size === 0 ? listed : addAbsences(listed, [...this.#absences.values()]);
  }

  /** The instances of services that are not what they were the last time, as if all of them had gone now. */
  #findChanged(
    listed: readonly RegisteredService[],
    now: number,
  ): readonly (readonly [string, Absence])[] {
    const until = now + this.#time;
    const unchanged = new Set(listed);
    const changed = this.#listed.filter((service) => !unchanged.has(service));
    return changed.flatMap((service) =>
      service.endpoints.flatMap((endpoint) => {
        const port = service.ports.find(({ number }) => number === endpoint.servicePort);
        if (port === undefined) return [];
        const key = `${service.hostname} ${endpointKey(endpoint)}`;
        return [[key, { service, port, endpoint: { ...endpoint, down: true }, until }] as const];
      }),
    );
  }
}

/** Another instance at the same place has taken over, whatever its service. */
function placeOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function addAbsences(
  listed: readonly RegisteredService[],
  absences: readonly Absence[],
): readonly RegisteredService[] {
  const services = new Map(listed.map((service) => [service.hostname, service]));
  for (const { service, port, endpoint } of absences) {
    const present = services.get(service.hostname) ?? { ...service, ports: [], endpoints: [] };
    services.set(service.hostname, {
      ...present,
      ports: unionBy([port], present.ports, portKey).toSorted((a, b) => a.number - b.number),
      endpoints: [...present.endpoints, endpoint].toSorted((a, b) =>
        endpointKey(a) < endpointKey(b) ? -1 : 1,
      ),
    });
  }
  return [...services.values()];
}
