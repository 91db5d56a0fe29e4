/**
 * Every resource name is minted here. They are Istio's, because its dashboards, tools and people know them; a
 * cluster is `direction|port|subset|hostname`.
 */
export function outboundCluster(hostname: string, port: number, subset?: string): string {
  return `outbound|${port}|${subset ?? ''}|${hostname}`;
}

export function inboundCluster(port: number): string {
  return `inbound|${port}||`;
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

/** The name under which a program without a proxy asks for a service: what it calls after `xds:///`. */
export function apiListenerName(host: string, port: number): string {
  return `${host}:${port}`;
}

/** The route table of one port of one service, for programs without a proxy (as in Istio). */
export function serviceRoutes(hostname: string, port: number): string {
  return outboundCluster(hostname, port);
}

/** The route table of the explicit HTTP proxy (as in Istio). */
export const httpProxyRoutes = 'http_proxy';

/** The listener for callers from outside the mesh. */
export function ingressListenerName(port: number): string {
  return `ingress_${port}`;
}

/** The route table of an ingress listener. */
export function ingressRoutes(port: number): string {
  return `ingress.${port}`;
}

export const virtualOutbound = 'virtualOutbound';
export const virtualInbound = 'virtualInbound';
/** Sends a captured connection on to where it was going. */
export const passthroughCluster = 'PassthroughCluster';
export const inboundPassthroughCluster = 'InboundPassthroughCluster';
/** The route table of HTTP to ports that the mesh does not know. */
export const inboundPassthroughRoutes = 'InboundPassthrough';
/** Has no members: what is routed here gets 503. */
export const blackHoleCluster = 'BlackHoleCluster';
export const tracingCluster = 'zipkin';

/** Ports that the capture rules and the agent use (as in Istio). */
export const meshPorts = { outbound: 15001, inbound: 15006 } as const;
