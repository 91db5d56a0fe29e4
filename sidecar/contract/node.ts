/**
 * How an Envoy introduces itself to pilot: Istio's node id `TYPE~IP~ID~DOMAIN` and node metadata. The agent
 * writes both into the bootstrap; pilot parses them from the first discovery request.
 */
export type NodeType = 'sidecar' | 'router';

export interface NodeId {
  readonly type: NodeType;
  /** Address of the workload in the mesh; its service instances are found by it. */
  readonly address: string;
  /** Unique name of the workload, conventionally NAME.NAMESPACE. */
  readonly id: string;
  /** DNS domain whose short names the workload may use, such as service.consul. */
  readonly domain: string;
}

export interface NodeMetadata {
  /** Config namespace of the workload. */
  readonly namespace: string;
  /** Labels that rules may match with sourceLabels. */
  readonly labels: Readonly<Record<string, string>>;
  /** `grpc` asks for the resources that a proxyless gRPC client understands. */
  readonly generator?: string;
  /** `NONE`: nothing is captured; the proxy is reached by explicit listeners only. */
  readonly interceptionMode?: 'REDIRECT' | 'NONE';
  /**
   * Port of the explicit HTTP proxy listener (Istio's proxyHttpPort): on 127.0.0.1, and on the workload's own address
   * where nothing is captured.
   */
  readonly httpProxyPort?: number;
  /**
   * Where nothing is captured: by port of an instance, the port on 127.0.0.1 on which the application itself listens.
   * Instances at the same address whose port is not here belong to another workload.
   */
  readonly appPorts?: Readonly<Record<number, number>>;
  /**
   * Folder in which every outbound listener has a Unix socket of its own name, in place of the capture: whoever
   * connects says by the PROXY protocol where the connection was going. For tests of rules, in which many
   * proxies run side by side.
   */
  readonly socketFolder?: string;
  /** Version of what started the proxy: the agent, or the mesh on a laptop. */
  readonly agentVersion?: string;
  /** What the proxy lets in from outside the mesh, where nothing is captured. */
  readonly ingress?: readonly IngressPort[];
}

/** A port on which callers from outside the mesh reach one port of one service. */
export interface IngressPort {
  /** Address to listen on. */
  readonly bind: string;
  readonly port: number;
  /** Full name of the service. */
  readonly host: string;
  readonly servicePort: number;
}

export const defaultNamespace = 'default';

export function formatNodeId(node: NodeId): string {
  return [node.type, node.address, node.id, node.domain].join('~');
}

/** Parses a node id; undefined when it is not `TYPE~IP~ID~DOMAIN` with a type that pilot serves. */
export function parseNodeId(text: string): NodeId | undefined {
  const [type, address, id, domain, ...rest] = text.split('~');
  if (type !== 'sidecar' && type !== 'router') return undefined;
  if (address === undefined || address === '' || id === undefined || domain === undefined) {
    return undefined;
  }
  return rest.length > 0 ? undefined : { type, address, id, domain };
}

/** Node metadata as it travels: Istio's upper-case keys. */
export function formatNodeMetadata(metadata: NodeMetadata): Readonly<Record<string, unknown>> {
  return {
    NAMESPACE: metadata.namespace,
    LABELS: metadata.labels,
    ...(metadata.generator === undefined ? {} : { GENERATOR: metadata.generator }),
    ...(metadata.interceptionMode === undefined
      ? {}
      : { INTERCEPTION_MODE: metadata.interceptionMode }),
    ...(metadata.httpProxyPort === undefined
      ? {}
      : { HTTP_PROXY_PORT: String(metadata.httpProxyPort) }),
    ...(metadata.appPorts === undefined ? {} : { APP_PORTS: metadata.appPorts }),
    ...(metadata.socketFolder === undefined ? {} : { SOCKET_FOLDER: metadata.socketFolder }),
    ...(metadata.ingress === undefined ? {} : { INGRESS: metadata.ingress }),
    ...(metadata.agentVersion === undefined ? {} : { AGENT_VERSION: metadata.agentVersion }),
  };
}

/** Reads node metadata leniently: what is missing or of another type is left out. */
export function parseNodeMetadata(fields: Readonly<Record<string, unknown>>): NodeMetadata {
  const generator = fields['GENERATOR'];
  const mode = fields['INTERCEPTION_MODE'];
  const proxyPort = Number(fields['HTTP_PROXY_PORT']);
  const appPorts = parseAppPorts(fields['APP_PORTS']);
  const socketFolder = fields['SOCKET_FOLDER'];
  const ingress = parseIngress(fields['INGRESS']);
  const agentVersion = fields['AGENT_VERSION'];
  return {
    namespace:
      typeof fields['NAMESPACE'] === 'string' && fields['NAMESPACE'] !== ''
        ? fields['NAMESPACE']
        : defaultNamespace,
    labels: parseLabels(fields['LABELS']),
    ...(typeof generator === 'string' ? { generator } : {}),
    ...(mode === 'NONE' || mode === 'REDIRECT' ? { interceptionMode: mode } : {}),
    ...(Number.isInteger(proxyPort) && proxyPort > 0 ? { httpProxyPort: proxyPort } : {}),
    ...(appPorts === undefined ? {} : { appPorts }),
    ...(typeof socketFolder === 'string' ? { socketFolder } : {}),
    ...(ingress === undefined ? {} : { ingress }),
    ...(typeof agentVersion === 'string' ? { agentVersion } : {}),
  };
}

function parseAppPorts(value: unknown): Readonly<Record<number, number>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, number] => isPort(Number(entry[0])) && isPort(entry[1]),
    ),
  );
}

function parseIngress(value: unknown): readonly IngressPort[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: Partial<Record<keyof IngressPort, unknown>> | null) => {
    const { bind, port, host, servicePort } = item ?? {};
    if (typeof bind !== 'string' || typeof host !== 'string') return [];
    return isPort(port) && isPort(servicePort) ? [{ bind, port, host, servicePort }] : [];
  });
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
}

function parseLabels(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
