/** The last resort for a port whose protocol nobody wrote down; only with -infer-protocol. */
import type { Protocol } from '../contract/service-record.ts';
import type { ContainerPort } from '../docker/container.ts';

/**
 * Registered with IANA, or the default of the software that made the port known (8080, 50051). 9080 is that of
 * Istio's samples.
 */
const wellKnown: ReadonlyMap<number, Protocol> = new Map([
  [80, 'http'],
  [8080, 'http'],
  [9080, 'http'],
  [443, 'tls'],
  [8443, 'tls'],
  [50051, 'grpc'],
  [6379, 'redis'],
  [3306, 'mysql'],
  [27017, 'mongo'],
]);

/** By the port inside the container, over TCP. */
export function inferProtocol({ port, transport }: ContainerPort): Protocol | undefined {
  return transport === 'tcp' ? wellKnown.get(port) : undefined;
}
