/**
 * Every resource name, minted and parsed here only. They are Istio's, because its dashboards, tools and
 * people know them.
 */
export interface ClusterName {
  readonly direction: 'outbound' | 'inbound';
  readonly port: number;
  readonly subset?: string;
  readonly hostname?: string;
}

export function formatClusterName(name: ClusterName): string {
  return [name.direction, name.port, name.subset ?? '', name.hostname ?? ''].join('|');
}

/** Parses `direction|port|subset|hostname`; undefined for names of another form. */
export function parseClusterName(text: string): ClusterName | undefined {
  const [direction, port, subset, hostname, ...rest] = text.split('|');
  if (direction !== 'outbound' && direction !== 'inbound') return undefined;
  if (subset === undefined || hostname === undefined || rest.length > 0) return undefined;
  if (!/^\d{1,5}$/.test(port ?? '')) return undefined;
  return {
    direction,
    port: Number(port),
    ...(subset === '' ? {} : { subset }),
    ...(hostname === '' ? {} : { hostname }),
  };
}

export function outboundCluster(hostname: string, port: number, subset?: string): string {
  return formatClusterName({
    direction: 'outbound',
    port,
    hostname,
    ...(subset === undefined ? {} : { subset }),
  });
}

export function inboundCluster(port: number): string {
  return formatClusterName({ direction: 'inbound', port });
}

/** The listener that outbound HTTP connections to `port` are handed to, whatever their address. */
export function httpListenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

/** The listener for one service's byte streams. */
export function tcpListenerName(address: string, port: number): string {
  return `${address}_${port}`;
}

/** The route table of outbound HTTP to `port`. */
export function outboundRoutes(port: number): string {
  return String(port);
}

/** The route table of the explicit HTTP proxy (as in Istio). */
export const httpProxyRoutes = 'http_proxy';

export const virtualOutbound = 'virtualOutbound';
export const virtualInbound = 'virtualInbound';
/** Sends a captured connection on to where it was going. */
export const passthroughCluster = 'PassthroughCluster';
export const inboundPassthroughCluster = 'InboundPassthroughCluster';
/** Has no members: what is routed here gets 503. */
export const blackHoleCluster = 'BlackHoleCluster';
export const tracingCluster = 'zipkin';

/** Ports that the capture rules and the agent use (as in Istio). */
export const meshPorts = { outbound: 15001, inbound: 15006 } as const;
