import type { Cluster } from '../ir/cluster.ts';
import type { EndpointSet } from '../ir/endpoint.ts';
import type { Listener } from '../ir/listener.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { RouteTable, VirtualHost } from '../ir/route.ts';
import type { Mesh } from '../model/mesh.ts';
import type { View } from '../model/proxy.ts';
import type { Destinations } from './destinations.ts';
import { translateHttpProxyRoutes } from './http-proxy.ts';
import { translateIngressListeners, translateIngressRoutes } from './ingress.ts';
import type { MeshOptions } from './options.ts';
import { translateOutboundListeners } from './outbound-listeners.ts';
import { type OwnInputs, translateOwn } from './own.ts';
import {
  toGrpcCluster,
  toGrpcEndpoints,
  translateApiListeners,
  translateGrpcHost,
  translateServiceRoutes,
} from './proxyless.ts';
import { type HostInputs, translateOutboundRoutes, translateService } from './routes.ts';

export interface OutboundInputs {
  readonly mesh: Mesh;
  readonly view: View;
  readonly destinations: Destinations;
  readonly options: MeshOptions;
}

export interface RouteInputs extends OutboundInputs {
  /** The profile's own `host`, from a caller who remembers what it gave: one for each kind of table. */
  readonly host: Profile['host'];
  readonly proxyHost: Profile['host'];
}

/** What of the configuration depends on who reads it. */
export interface Profile {
  readonly listeners: (inputs: OutboundInputs) => readonly Listener[];
  readonly host: (inputs: HostInputs) => VirtualHost;
  readonly routes: (inputs: RouteInputs) => readonly RouteTable[];
  readonly cluster: (cluster: Cluster) => Cluster;
  readonly endpoints: (set: EndpointSet) => EndpointSet;
  /** What one proxy shares with no other. */
  readonly own: (inputs: OwnInputs, options: MeshOptions) => ProxyConfig;
}

const unchanged = <T>(value: T): T => value;

export const profiles: Readonly<Record<View['reader'], Profile>> = {
  envoy: {
    listeners: ({ mesh, view, destinations, options }) =>
      view.capture === 'none'
        ? translateIngressListeners(view, options)
        : translateOutboundListeners(mesh, view, destinations, options),
    host: translateService,
    routes: ({ mesh, view, destinations, host, proxyHost }) => [
      ...(view.capture === 'none'
        ? translateIngressRoutes(mesh, view, destinations)
        : translateOutboundRoutes(mesh, view, destinations, host)),
      ...(view.explicitHttp ? [translateHttpProxyRoutes(mesh, view, destinations, proxyHost)] : []),
    ],
    cluster: unchanged,
    endpoints: unchanged,
    own: translateOwn,
  },
  grpc: {
    listeners: ({ mesh, view }) => translateApiListeners(mesh, view),
    host: translateGrpcHost,
    routes: ({ mesh, view, destinations, host }) =>
      translateServiceRoutes(mesh, view, destinations, host),
    cluster: toGrpcCluster,
    endpoints: toGrpcEndpoints,
    own: () => ({ clusters: [], endpoints: [], listeners: [], routes: [] }),
  },
};
