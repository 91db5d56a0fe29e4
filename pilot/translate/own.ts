import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Instance, Mesh } from '../model/mesh.ts';
import type { Proxy } from '../model/proxy.ts';
import { translateHttpProxyListener } from './http-proxy.ts';
import { translateInbound } from './inbound.ts';
import type { MeshOptions } from './options.ts';

/** What of a proxy decides the part of its configuration that it shares with nobody. */
export interface OwnInputs {
  readonly instances: readonly Instance[];
  readonly httpProxyPort?: number;
}

export function ownOf({ id, metadata }: Proxy, mesh: Mesh): OwnInputs {
  const { httpProxyPort } = metadata;
  return {
    instances: mesh.workloads.get(id.address)?.instances ?? [],
    ...(httpProxyPort === undefined ? {} : { httpProxyPort }),
  };
}

/** What is inbound, and the explicit HTTP proxy where the node asks for one. */
export function translateOwn(own: OwnInputs, options: MeshOptions): ProxyConfig {
  const inbound = translateInbound(own.instances, options);
  if (own.httpProxyPort === undefined) return inbound;
  return {
    ...inbound,
    listeners: [...inbound.listeners, translateHttpProxyListener(own.httpProxyPort, options)],
  };
}
