import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Instance, Workload } from '../model/mesh.ts';
import type { Proxy } from '../model/proxy.ts';
import { translateHttpProxyListener } from './http-proxy.ts';
import { translateInbound } from './inbound.ts';
import type { MeshOptions } from './options.ts';

/** What of a proxy decides the part of its configuration that it shares with nobody. */
export interface OwnInputs {
  readonly instances: readonly Instance[];
  readonly httpProxyPort?: number;
  /** Whether others than the caller under test reach the workload through this proxy. */
  readonly inbound: boolean;
}

/** For a proxy at whose address the mesh has `workload`. */
export function ownOf({ metadata }: Proxy, workload: Workload | undefined): OwnInputs {
  const { httpProxyPort, socketFolder } = metadata;
  return {
    instances: workload?.instances ?? [],
    ...(httpProxyPort === undefined ? {} : { httpProxyPort }),
    inbound: socketFolder === undefined,
  };
}

/** What is inbound, and the explicit HTTP proxy where the node asks for one. */
export function translateOwn(own: OwnInputs, options: MeshOptions): ProxyConfig {
  const inbound = own.inbound ? translateInbound(own.instances, options) : nothing;
  if (own.httpProxyPort === undefined) return inbound;
  return {
    ...inbound,
    listeners: [...inbound.listeners, translateHttpProxyListener(own.httpProxyPort, options)],
  };
}

const nothing: ProxyConfig = { clusters: [], endpoints: [], listeners: [], routes: [] };
