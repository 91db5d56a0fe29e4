import type { VirtualServiceSpec } from '../api/virtual-service-schema.ts';
import type { IngressPort, NodeId, NodeMetadata } from '../../sidecar/contract/node.ts';
import type { Workload } from './mesh.ts';

/** A connected proxy. */
export interface Proxy {
  readonly id: NodeId;
  readonly metadata: NodeMetadata;
}

/**
 * What of a proxy decides its outbound configuration. Proxies with an equal view share every outbound
 * resource, so the view holds nothing that is not needed.
 */
export interface View {
  /** Who reads the configuration: an Envoy beside the workload, or a gRPC client in the workload itself. */
  readonly reader: 'envoy' | 'grpc';
  readonly namespace: string;
  readonly domain: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether callers use the proxy as an explicit HTTP proxy too. */
  readonly explicitHttp: boolean;
  /** How the connections of the workload come to the proxy. */
  readonly capture: Capture;
  /** Of the sockets, where these are the capture. */
  readonly socketFolder?: string;
  /** What it lets in from outside the mesh. */
  readonly ingress?: readonly IngressPort[];
}

export type Capture =
  /** By the rules of the pod's firewall. */
  | 'redirect'
  /** Callers name the proxy themselves. */
  | 'none'
  /** Callers connect to a Unix socket for each listener, and say by the PROXY protocol where they were going. */
  | 'sockets';

export function captureOf({ interceptionMode, socketFolder }: NodeMetadata): Capture {
  if (socketFolder !== undefined) return 'sockets';
  return interceptionMode === 'NONE' ? 'none' : 'redirect';
}

/**
 * The labels of a proxy: what it says of itself and what the registry says of the workload at its address. Where
 * nothing is captured, many workloads may share an address, so its own word counts alone.
 */
function labelsOf(proxy: Proxy, workload: Workload | undefined): Readonly<Record<string, string>> {
  if (captureOf(proxy.metadata) !== 'redirect') return proxy.metadata.labels;
  return { ...proxy.metadata.labels, ...workload?.labels };
}

/**
 * The view of a proxy at whose address the mesh has `workload`. Of its labels only those stay that some rule asks for: without a rule on
 * sourceLabels all proxies of a namespace have one view.
 */
export function viewOf(
  proxy: Proxy,
  workload: Workload | undefined,
  asked: ReadonlySet<string>,
): View {
  const labels = labelsOf(proxy, workload);
  const { ingress, socketFolder } = proxy.metadata;
  const capture = captureOf(proxy.metadata);
  return {
    reader: proxy.metadata.generator === 'grpc' ? 'grpc' : 'envoy',
    namespace: proxy.metadata.namespace,
    domain: proxy.id.domain,
    explicitHttp: proxy.metadata.httpProxyPort !== undefined,
    capture,
    ...(socketFolder === undefined ? {} : { socketFolder }),
    ...(capture === 'redirect' || ingress === undefined ? {} : { ingress }),
    labels: Object.fromEntries(
      [...asked].sort().flatMap((name) => {
        const value = labels[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
}

/** Names of the labels that a rule matches with sourceLabels. */
export function askedBy({ http = [], tcp = [], tls = [] }: VirtualServiceSpec): readonly string[] {
  const matches: readonly CallerMatch[] = [
    ...http.flatMap(({ match }) => match ?? []),
    ...tcp.flatMap(({ match }) => match ?? []),
    ...tls.flatMap(({ match }) => match),
  ];
  return matches.flatMap(({ sourceLabels }) => Object.keys(sourceLabels ?? {}));
}

interface CallerMatch {
  readonly sourceLabels?: Readonly<Record<string, string>>;
}

/** Whether `labels` has every pair of `selector`. */
export function matchesLabels(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);
}
