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
  /** Port of the explicit HTTP proxy listener on loopback (Istio's proxyHttpPort). */
  readonly httpProxyPort?: number;
  /**
   * Folder in which every outbound listener has a Unix socket of its own name, in place of the capture: whoever
   * connects says by the PROXY protocol where the connection was going. For tests of rules, in which many
   * proxies run side by side.
   */
  readonly socketFolder?: string;
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
    ...(metadata.socketFolder === undefined ? {} : { SOCKET_FOLDER: metadata.socketFolder }),
  };
}

/** Reads node metadata leniently: what is missing or of another type is left out. */
export function parseNodeMetadata(fields: Readonly<Record<string, unknown>>): NodeMetadata {
  const generator = fields['GENERATOR'];
  const mode = fields['INTERCEPTION_MODE'];
  const httpProxyPort = parsePort(fields['HTTP_PROXY_PORT']);
  const socketFolder = fields['SOCKET_FOLDER'];
  return {
    namespace:
      typeof fields['NAMESPACE'] === 'string' && fields['NAMESPACE'] !== ''
        ? fields['NAMESPACE']
        : defaultNamespace,
    labels: parseLabels(fields['LABELS']),
    ...(typeof generator === 'string' ? { generator } : {}),
    ...(mode === 'NONE' || mode === 'REDIRECT' ? { interceptionMode: mode } : {}),
    ...(httpProxyPort === undefined ? {} : { httpProxyPort }),
    ...(typeof socketFolder === 'string' ? { socketFolder } : {}),
  };
}

function parsePort(value: unknown): number | undefined {
  const port = Number(value);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

function parseLabels(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
