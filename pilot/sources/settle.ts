import type { Endpoint, RegisteredService, ServicePort } from '../model/service.ts';

/**
 * What to believe while a registry recovers: everything it lists, and what it listed before. A registry that
 * has lost its data lists nothing until its registrators have written again; taking that for the truth would
 * take every endpoint away from every proxy.
 */
export function settle(
  previous: readonly RegisteredService[],
  listed: readonly RegisteredService[],
): readonly RegisteredService[] {
  const byHostname = new Map(previous.map((service) => [service.hostname, service]));
  for (const service of listed) {
    byHostname.set(service.hostname, merge(byHostname.get(service.hostname), service));
  }
  return [...byHostname.values()];
}

function merge(
  previous: RegisteredService | undefined,
  listed: RegisteredService,
): RegisteredService {
  if (previous === undefined) return listed;
  return {
    ...listed,
    ports: unionBy(previous.ports, listed.ports, portKey).toSorted((a, b) => a.number - b.number),
    // An instance that is listed as down may only not have been checked yet since the registry came back.
    endpoints: unionBy(
      listed.endpoints.filter(({ down }) => down === true),
      [...previous.endpoints, ...listed.endpoints.filter(({ down }) => down !== true)],
      endpointKey,
    ).toSorted((a, b) => (endpointKey(a) < endpointKey(b) ? -1 : 1)),
  };
}

/** Both lists; of two values with one key that of the second. */
export function unionBy<T>(
  first: readonly T[],
  second: readonly T[],
  keyOf: (value: T) => string,
): T[] {
  return [...new Map([...first, ...second].map((value) => [keyOf(value), value])).values()];
}

export function portKey({ number }: ServicePort): string {
  return String(number);
}

/** Tells the endpoints of one service apart. */
export function endpointKey({ address, port, servicePort }: Endpoint): string {
  return `${address}:${port}:${servicePort}`;
}
