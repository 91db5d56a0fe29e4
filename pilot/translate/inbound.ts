import type { Cluster } from '../ir/cluster.ts';
import type { FilterChain, Listener } from '../ir/listener.ts';
import {
  blackHoleCluster,
  inboundCluster,
  inboundPassthroughCluster,
  inboundPassthroughRoutes,
  meshPorts,
  virtualInbound,
} from '../ir/names.ts';
import type { ProxyConfig } from '../ir/proxy-config.ts';
import type { RouteTable } from '../ir/route.ts';
import type { Instance } from '../model/mesh.ts';
import { handlingOf } from '../model/service.ts';
import type { MeshOptions } from './options.ts';
import { sniffTimeoutMs, spokenOf, tcpChain, tracingOf } from './outbound-listeners.ts';
import { noHeaderChanges } from './route-headers.ts';
import { matchAll } from './route-match.ts';
import { translatePolicy } from './traffic-policy.ts';

/** Upstream connections of inbound traffic come from here, so that the capture lets them pass (as in Istio). */
const inboundSource = '127.0.0.6';

/** What a proxy does with the connections to its own workload. Without instances all of it is passed on. */
export function translateInbound(all: readonly Instance[], options: MeshOptions): ProxyConfig {
  const instances = onePerPort(all);
  return {
    clusters: [...instances.map(instanceCluster), passthrough],
    endpoints: [],
    listeners: [inboundListener(instances, options)],
    routes: [
      ...instances
        .filter(({ servicePort }) => handlingOf(servicePort) === 'http')
        .map(instanceRoutes),
      passthroughRoutes,
    ],
  };
}

/** Two services may share a port of the workload; what its proxy does there is the same for both. */
export function onePerPort<T extends Instance>(instances: readonly T[]): readonly T[] {
  const byPort = new Map<number, T>();
  for (const instance of instances) {
    if (!byPort.has(instance.port)) byPort.set(instance.port, instance);
  }
  return [...byPort.values()].sort((left, right) => left.port - right.port);
}

function instanceCluster({ port, servicePort }: Instance): Cluster {
  return {
    ...translatePolicy({}, servicePort),
    name: inboundCluster(port),
    discovery: { kind: 'original-dst' },
    loadBalancer: { kind: 'provided' },
    bindAddress: inboundSource,
  };
}

const passthrough: Cluster = {
  name: inboundPassthroughCluster,
  discovery: { kind: 'original-dst' },
  connectTimeoutMs: 10_000,
  http: 'downstream',
  loadBalancer: { kind: 'provided' },
  connectionPool: {},
  bindAddress: inboundSource,
};

function inboundListener(instances: readonly Instance[], options: MeshOptions): Listener {
  const declared = instances.filter(({ servicePort }) => handlingOf(servicePort) === 'tcp');
  return {
    kind: 'socket',
    name: virtualInbound,
    address: '0.0.0.0',
    port: meshPorts.inbound,
    direction: 'inbound',
    bindToPort: true,
    useOriginalDst: false,
    originalDst: true,
    sniffing: {
      kind: 'http',
      timeoutMs: sniffTimeoutMs,
      exceptPorts: declared.map(({ port }) => port),
    },
    chains: [
      tcpChain('loop', { destinationPort: meshPorts.inbound }, blackHoleCluster),
      ...instances.flatMap((instance) => instanceChains(instance, options)),
      passthroughHttpChain(options),
    ],
    defaultChain: tcpChain('passthrough', {}, inboundPassthroughCluster),
  };
}

/** HTTP is handled as such where it is expected or possible; everything else is passed on as bytes. */
export function instanceChains(instance: Instance, options: MeshOptions): readonly FilterChain[] {
  const { port, servicePort } = instance;
  const name = inboundCluster(port);
  if (handlingOf(servicePort) === 'tcp') {
    return [tcpChain(`${name}|tcp`, { destinationPort: port }, name)];
  }
  return [
    {
      name: `${name}|http`,
      match: { destinationPort: port, http: true },
      handler: {
        kind: 'http',
        statPrefix: `inbound_0.0.0.0_${port}`,
        routes: name,
        ...tracingOf(options),
      },
    },
    tcpChain(`${name}|tcp`, { destinationPort: port, ...spokenOf(servicePort) }, name),
  ];
}

/**
 * HTTP to a port that the mesh does not know, or not yet: callers may hear of a new instance before its own
 * proxy does. As a byte stream, a call to an application that does not listen yet would end in a closed
 * connection, which no caller may repeat; as HTTP it is answered with 503.
 */
function passthroughHttpChain(options: MeshOptions): FilterChain {
  return {
    name: 'passthrough|http',
    match: { http: true },
    handler: {
      kind: 'http',
      statPrefix: 'inbound_passthrough',
      routes: inboundPassthroughRoutes,
      ...tracingOf(options),
    },
  };
}

const passthroughRoutes = routesTo(inboundPassthroughRoutes, {
  cluster: inboundPassthroughCluster,
  virtualHost: 'inbound|http|0',
  operation: 'passthrough/*',
});

export function instanceRoutes({ hostname, port, servicePort }: Instance): RouteTable {
  const name = inboundCluster(port);
  return routesTo(name, {
    cluster: name,
    virtualHost: `inbound|http|${port}`,
    operation: `${hostname}:${servicePort.number}/*`,
  });
}

interface RouteNames {
  readonly cluster: string;
  readonly virtualHost: string;
  readonly operation: string;
}

/** Everything to one cluster. */
function routesTo(name: string, { cluster, virtualHost, operation }: RouteNames): RouteTable {
  return {
    name,
    virtualHosts: [
      {
        name: virtualHost,
        domains: ['*'],
        routes: [
          {
            name: 'default',
            match: matchAll,
            action: {
              kind: 'forward',
              clusters: [{ name: cluster, weight: 1, headers: noHeaderChanges }],
              timeoutMs: 0,
              mirrors: [],
              rewrite: {},
              hash: [],
            },
            headers: noHeaderChanges,
            operation,
          },
        ],
      },
    ],
  };
}
