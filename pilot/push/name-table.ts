import { createHash } from 'node:crypto';
import type { NameTable } from '../../sidecar/contract/name-table.ts';
import { namesOf } from '../model/hostname.ts';
import type { Mesh } from '../model/mesh.ts';

/**
 * The names that agents answer with virtual addresses: those of every service that has one and is no
 * wildcard. A service without resolution is left out, because callers must reach the address DNS gives them.
 */
export function nameTableOf(mesh: Pick<Mesh, 'services'>, domain: string): NameTable {
  const names = new Map<string, readonly string[]>();
  const services = [...mesh.services.values()].filter(
    ({ hostname, resolution }) => !hostname.startsWith('*') && resolution !== 'none',
  );
  for (const { hostname, address } of services) names.set(hostname.toLowerCase(), [address]);
  for (const { hostname, address } of services) {
    for (const name of namesOf(hostname, domain)) {
      if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), [address]);
    }
  }
  const sorted = Object.fromEntries([...names].sort(([left], [right]) => (left < right ? -1 : 1)));
  const version = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
  return { version, names: sorted };
}
