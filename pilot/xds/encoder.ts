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

/**
 * Encodes parts of the IR, each content once: the IR itself is the cache key, so a result can never be
 * stale. Equal content gives the same EncodedResource object as long as it is remembered.
 */
export interface Encoder {
  readonly cluster: (cluster: Cluster) => EncodedResource;
  readonly endpoints: (endpoints: EndpointSet) => EncodedResource;
  readonly listener: (listener: Listener) => EncodedResource;
  readonly routeTable: (table: RouteTable) => EncodedResource;
  /** Forgets what was asked for neither since the last call nor between the last two. */
  readonly forgetUnused: () => void;
}

export function createEncoder(): Encoder {
  const host = memoize(
    (virtualHost: VirtualHost) => toResource(virtualHost.name, encodeVirtualHost(virtualHost)),
    JSON.stringify,
  );
  const encodeHost = (virtualHost: VirtualHost): Uint8Array => host.get(virtualHost).value;
  const cluster = memoize(
    (value: Cluster) => toResource(value.name, encodeCluster(value)),
    JSON.stringify,
  );
  const endpoints = memoize(
    (value: EndpointSet) => toResource(value.cluster, encodeEndpoints(value)),
    JSON.stringify,
  );
  const listener = memoize(
    (value: Listener) => toResource(value.name, encodeListener(value)),
    JSON.stringify,
  );
  // A table is large: its virtual hosts stand in its key with the hash of their bytes.
  const routeTable = memoize(
    (table: RouteTable) => toResource(table.name, encodeRouteTable(table, encodeHost)),
    ({ name, virtualHosts }) =>
      JSON.stringify([name, ...virtualHosts.map((value) => host.get(value).version)]),
  );
  const memos = [host, cluster, endpoints, listener, routeTable];
  return {
    cluster: cluster.get,
    endpoints: endpoints.get,
    listener: listener.get,
    routeTable: routeTable.get,
    forgetUnused: () => {
      for (const memo of memos) memo.forgetUnused();
    },
  };
}

function toResource(name: string, value: Uint8Array): EncodedResource {
  const version = createHash('sha256').update(value).digest('hex').slice(0, 16);
  return { name, version, value };
}

interface Memo<Key, Value> {
  readonly get: (key: Key) => Value;
  readonly forgetUnused: () => void;
}

interface Entry<Value> {
  readonly value: Value;
  /** The round in which it was last asked for. */
  round: number;
}

/** Remembers results by content, and by identity for values that come again as the same object. */
function memoize<Key extends object, Value>(
  compute: (key: Key) => Value,
  contentOf: (key: Key) => string,
): Memo<Key, Value> {
  const byIdentity = new WeakMap<Key, Entry<Value>>();
  const byContent = new Map<string, Entry<Value>>();
  let round = 0;
  const look = (key: Key): Entry<Value> => {
    const content = contentOf(key);
    const entry = byContent.get(content) ?? { value: compute(key), round };
    byContent.set(content, entry);
    byIdentity.set(key, entry);
    return entry;
  };
  return {
    get: (key) => {
      const entry = byIdentity.get(key) ?? look(key);
      entry.round = round;
      return entry.value;
    },
    forgetUnused: () => {
      for (const [content, entry] of byContent) {
        if (entry.round < round - 1) byContent.delete(content);
      }
      round += 1;
    },
  };
}
