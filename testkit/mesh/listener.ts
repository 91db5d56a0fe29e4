import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findNearest } from '../../kit/nearest.ts';
import { httpListenerName, tcpListenerName } from '../../pilot/ir/names.ts';
import { namesOf, resolveHostname } from '../../pilot/model/hostname.ts';
import type { Mesh } from '../../pilot/model/mesh.ts';
import { meshDomain } from './service.ts';

/** Where a caller's Envoy takes a connection, and where the connection was going. */
export interface FoundListener {
  readonly socketPath: string;
  readonly destination: { readonly address: string; readonly port: number };
}

/** The listener in a folder that would take a connection to `url`, or why there is none. */
export function findListener(
  { hostname: host, port: text }: URL,
  { services }: Pick<Mesh, 'services'>,
  folder: string,
): FoundListener | string {
  const service = services.get(resolveHostname(host, meshDomain, (name) => services.has(name)));
  if (service === undefined) return describeStranger(host, [...services.keys()]);
  const port = text === '' ? 80 : Number(text);
  const { address } = service;
  const socketPath = [tcpListenerName(address, port), httpListenerName(port)]
    .map((listener) => join(folder, listener))
    .find((path) => existsSync(path));
  if (socketPath === undefined) return `no service of the mesh has port ${port}`;
  return { socketPath, destination: { address, port } };
}

function describeStranger(host: string, hostnames: readonly string[]): string {
  const names = hostnames.flatMap((hostname) => namesOf(hostname, meshDomain));
  const nearest = findNearest(host, names);
  const advice = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return `the mesh has no service named ${host}${advice}`;
}
