import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Instance, Workload } from '../model/mesh.ts';
import { type Proxy, captureOf } from '../model/proxy.ts';
import { type ExplicitHttpProxy, translateHttpProxyListener } from './http-proxy.ts';
import { translateInbound } from './inbound.ts';
import { type BoundInstance, translateBoundInbound } from './inbound-bound.ts';
import type { MeshOptions } from './options.ts';

/** What of a proxy decides the part of its configuration that it shares with nobody. */
export interface OwnInputs {
  readonly inbound:
    | { readonly kind: 'captured'; readonly instances: readonly Instance[] }
    | { readonly kind: 'bound'; readonly instances: readonly BoundInstance[] };
  readonly httpProxy?: ExplicitHttpProxy;
}

/** For a proxy at whose address the mesh has `workload`. */
export function ownOf({ id, metadata }: Proxy, workload: Workload | undefined): OwnInputs {
  const { httpProxyPort: port, appPorts = {} } = metadata;
  const instances = workload?.instances ?? [];
  if (captureOf(metadata) === 'redirect') {
    const httpProxy = port === undefined ? {} : { httpProxy: { address: '127.0.0.1', port } };
    return { inbound: { kind: 'captured', instances }, ...httpProxy };
  }
  const bound = instances.flatMap((instance) => {
    const appPort = appPorts[instance.port];
    return appPort === undefined ? [] : [{ ...instance, address: id.address, appPort }];
  });
  return {
    inbound: { kind: 'bound', instances: bound },
    ...(port === undefined ? {} : { httpProxy: { address: id.address, port, exclusive: true } }),
  };
}

/** What is inbound, and the explicit HTTP proxy where the node asks for one. */
export function translateOwn(own: OwnInputs, options: MeshOptions): ProxyConfig {
  const inbound =
    own.inbound.kind === 'captured'
      ? translateInbound(own.inbound.instances, options)
      : translateBoundInbound(own.inbound.instances, options);
  if (own.httpProxy === undefined) return inbound;
  return {
    ...inbound,
    listeners: [...inbound.listeners, translateHttpProxyListener(own.httpProxy, options)],
  };
}
