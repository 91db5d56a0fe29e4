import type { Cluster } from '../ir/cluster.ts';
import type { Listener } from '../ir/listener.ts';
import { inboundCluster, tcpListenerName } from '../ir/names.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { Instance } from '../model/mesh.ts';
import { handlingOf } from '../model/service.ts';
import { instanceChains, instanceRoutes, onePerPort } from './inbound.ts';
import type { MeshOptions } from './options.ts';
import { sniffTimeoutMs } from './outbound-listeners.ts';
import { translatePolicy } from './traffic-policy.ts';

/** An instance that the proxy itself serves, for an application that listens elsewhere. */
export interface BoundInstance extends Instance {
  /** Where callers find the instance: the workload's address. */
  readonly address: string;
  /** Port on 127.0.0.1 on which the application listens. */
  readonly appPort: number;
}

/**
 * What a proxy does with the connections to its workload where nothing captures them: it listens at the address of
 * each instance itself. The capturing listeners are left out, because proxies that share a network would share
 * their ports, without a word, by SO_REUSEPORT.
 */
export function translateBoundInbound(
  all: readonly BoundInstance[],
  options: MeshOptions,
): ProxyConfig {
  const instances = onePerPort(all);
  return {
    clusters: instances.map(instanceCluster),
    endpoints: [],
    listeners: instances.map((instance) => instanceListener(instance, options)),
    routes: instances
      .filter(({ servicePort }) => handlingOf(servicePort) === 'http')
      .map(instanceRoutes),
  };
}

function instanceCluster({ port, appPort, servicePort }: BoundInstance): Cluster {
  return {
    ...translatePolicy({}, servicePort),
    name: inboundCluster(port),
    discovery: { kind: 'static', hosts: [{ address: '127.0.0.1', port: appPort }] },
    loadBalancer: { kind: 'round-robin' },
  };
}

function instanceListener(instance: BoundInstance, options: MeshOptions): Listener {
  const { address, port, servicePort } = instance;
  return {
    kind: 'socket',
    name: tcpListenerName(address, port),
    address,
    port,
    direction: 'inbound',
    bindToPort: true,
    exclusive: true,
    useOriginalDst: false,
    originalDst: false,
    sniffing:
      handlingOf(servicePort) === 'http'
        ? { kind: 'http', timeoutMs: sniffTimeoutMs, exceptPorts: [] }
        : { kind: 'off' },
    chains: instanceChains(instance, options),
  };
}
