import type { Closer } from '../../kit/lifecycle.ts';
import { sameElements } from '../../kit/same-elements.ts';
import { type Watched, WatchedCell } from '../../kit/watched.ts';
import type { Endpoint, RegisteredService, ServicePort } from '../model/service.ts';

type Catalog = readonly RegisteredService[];

/**
 * The services of two registries, sorted by host name. A service that both know has the members of both; where they
 * differ about a port, the first is right. There is no catalogue until both have spoken.
 */
export function mergeCatalogs(
  first: Watched<Catalog>,
  second: Watched<Catalog>,
): Closer & { readonly catalog: Watched<Catalog> } {
  const catalog = new WatchedCell<Catalog>(sameElements);
  const merge = (): void => {
    const [left, right] = [first.current(), second.current()];
    if (left !== undefined && right !== undefined) catalog.set(mergeServices(left, right));
  };
  const unsubscribe = [first.subscribe(merge), second.subscribe(merge)];
  return {
    catalog,
    close: () => {
      for (const end of unsubscribe) end();
    },
  };
}

function mergeServices(first: Catalog, second: Catalog): Catalog {
  const services = new Map(second.map((service) => [service.hostname, service]));
  for (const service of first) {
    const other = services.get(service.hostname);
    services.set(service.hostname, other === undefined ? service : join(service, other));
  }
  return [...services.values()].sort((left, right) => (left.hostname < right.hostname ? -1 : 1));
}

function join(first: RegisteredService, second: RegisteredService): RegisteredService {
  const ports = new Map<number, ServicePort>();
  for (const port of [...second.ports, ...first.ports]) ports.set(port.number, port);
  return {
    ...first,
    ports: [...ports.values()].sort((left, right) => left.number - right.number),
    endpoints: [...first.endpoints, ...second.endpoints].sort(byPlace),
  };
}

function byPlace(left: Endpoint, right: Endpoint): number {
  if (left.address !== right.address) return left.address < right.address ? -1 : 1;
  return left.port - right.port || left.servicePort - right.servicePort;
}
