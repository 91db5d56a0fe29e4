import type { Cluster } from './cluster.ts';
import type { EndpointSet } from './endpoint.ts';
import type { Listener } from './listener.ts';
import type { RouteTable } from './route.ts';

/** All that one proxy runs, or a part of it: the root of the intermediate representation. */
export interface ProxyConfig {
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly EndpointSet[];
  readonly listeners: readonly Listener[];
  readonly routes: readonly RouteTable[];
}
