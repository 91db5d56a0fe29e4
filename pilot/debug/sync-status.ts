import type { ProxyStatus, SyncState, TypeProgress, TypeStatus } from '../ads/status.ts';
import type { XdsType } from '../xds/resource.ts';
import { type CauseSources, type Causes, findCauses } from './causes.ts';

/** How far one proxy is: an item of /debug/syncz. */
export interface ProxySync {
  /** NAME.NAMESPACE of its workload. */
  readonly proxy: string;
  /** The whole node id, TYPE~IP~ID~DOMAIN. */
  readonly node: string;
  readonly type: 'sidecar' | 'router';
  readonly namespace: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Version of what started it. */
  readonly agentVersion?: string;
  /** The program itself, such as envoy 1.40.0. */
  readonly client?: { readonly name: string; readonly version?: string };
  readonly transport: 'delta' | 'sotw';
  /** RFC 3339. */
  readonly connectedAt: string;
  readonly synced: boolean;
  /** The types that it has asked for. */
  readonly types: Readonly<Partial<Record<XdsType, TypeSync>>>;
}

export interface TypeSync extends Omit<TypeStatus, 'rejection'> {
  readonly state: SyncState;
  /** When that state began. RFC 3339. */
  readonly since: string;
  /** When something was sent last. RFC 3339. */
  readonly sentAt?: string;
  readonly nack?: Nack;
}

/** What a proxy refuses, in its own words, and where that comes from. */
export interface Nack extends Causes {
  readonly version: string;
  readonly text: string;
  /** The refused resources. */
  readonly names: readonly string[];
}

/**
 * The state of a connected proxy. `sources` are asked for only where something is refused; without them the causes
 * stay empty.
 */
export function describeSync(
  { node, transport, connectedAt, synced, types, progress }: ProxyStatus,
  sources: () => CauseSources | undefined,
): ProxySync {
  const { id, metadata, text, client } = node;
  return {
    proxy: id.id,
    node: text,
    type: id.type,
    namespace: metadata.namespace,
    address: id.address,
    labels: metadata.labels,
    ...(metadata.agentVersion === undefined ? {} : { agentVersion: metadata.agentVersion }),
    ...(client === undefined ? {} : { client }),
    transport,
    connectedAt: formatTime(connectedAt),
    synced,
    types: Object.fromEntries(
      (Object.entries(types) as [XdsType, TypeStatus][]).map(([type, status]) => [
        type,
        describeType(type, status, progress[type], sources),
      ]),
    ),
  };
}

function describeType(
  type: XdsType,
  { rejection, ...status }: TypeStatus,
  progress: TypeProgress | undefined,
  sources: () => CauseSources | undefined,
): TypeSync {
  const { state = 'stale', since = Date.now(), sentAt } = progress ?? {};
  const where = rejection === undefined ? undefined : sources();
  return {
    state,
    since: formatTime(since),
    ...(sentAt === undefined ? {} : { sentAt: formatTime(sentAt) }),
    ...status,
    ...(rejection === undefined
      ? {}
      : {
          nack: {
            ...rejection,
            ...(where === undefined
              ? { certain: false, causes: [] }
              : findCauses(type, rejection, where)),
          },
        }),
  };
}

function formatTime(time: number): string {
  return new Date(time).toISOString();
}
