import { createHash } from 'node:crypto';
import type { Cluster } from '../ir/cluster.ts';
import type { EndpointSet } from '../ir/endpoint.ts';
import type { Listener } from '../ir/listener.ts';
import type { RouteTable, VirtualHost } from '../ir/route.ts';
import { encodeCluster } from './cluster.ts';
import { encodeEndpoints } from './endpoint.ts';
import { encodeListener } from './listener.ts';
import type { EncodedResource } from './resource.ts';
import { encodeRouteTable, encodeVirtualHost } from './route.ts';

/** How many results are remembered; the least recently used go first. */
const capacity = 50_000;

/**
 * Encodes parts of the IR, each content once: the IR itself is the cache key, so a result can never be
 * stale. Equal content gives the same EncodedResource object.
 */
export interface Encoder {
  readonly cluster: (cluster: Cluster) => EncodedResource;
  readonly endpoints: (endpoints: EndpointSet) => EncodedResource;
  readonly listener: (listener: Listener) => EncodedResource;
  readonly routeTable: (table: RouteTable) => EncodedResource;
}

export function createEncoder(): Encoder {
  const host = memoize((virtualHost: VirtualHost) => encodeVirtualHost(virtualHost));
  return {
    cluster: memoize((cluster) => toResource(cluster.name, encodeCluster(cluster))),
    endpoints: memoize((endpoints) => toResource(endpoints.cluster, encodeEndpoints(endpoints))),
    listener: memoize((listener) => toResource(listener.name, encodeListener(listener))),
    routeTable: memoize((table) => toResource(table.name, encodeRouteTable(table, host))),
  };
}

function toResource(name: string, value: Uint8Array): EncodedResource {
  const version = createHash('sha256').update(value).digest('hex').slice(0, 16);
  return { name, version, value };
}

/** Remembers results by content, and by identity for values that come again as the same object. */
function memoize<Key extends object, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const byIdentity = new WeakMap<Key, Value>();
  const byContent = new Map<string, Value>();
  return (key) => {
    const known = byIdentity.get(key);
    if (known !== undefined) return known;
    const content = JSON.stringify(key);
    const value = byContent.get(content) ?? compute(key);
    byContent.delete(content);
    byContent.set(content, value);
    if (byContent.size > capacity) dropOldest(byContent);
    byIdentity.set(key, value);
    return value;
  };
}

/** A Map keeps the order of insertion, so its first key is the least recently used. */
function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
