import type { Snapshot, XdsType } from '../xds/resource.ts';
import type { NodeIdentity } from './node.ts';
import type { Transport } from './request.ts';
import { isDelivered } from './plan.ts';
import type { Rejection, StreamState, TypeState } from './stream-state.ts';

/** Delivery to one connected proxy, for people. */
export interface ProxyStatus {
  readonly node: NodeIdentity;
  /** Remote address and port of the stream. */
  readonly peer: string;
  readonly transport: Transport;
  /** Milliseconds since the epoch. */
  readonly connectedAt: number;
  /** Whether the proxy has acknowledged all of its current snapshot. */
  readonly synced: boolean;
  /** The types that the proxy has asked for. */
  readonly types: Readonly<Partial<Record<XdsType, TypeStatus>>>;
  /** How far each of those types is. */
  readonly progress: Readonly<Partial<Record<XdsType, TypeProgress>>>;
}

/** What pilot wants a proxy to run. */
export interface ProxyTarget {
  readonly node: NodeIdentity;
  readonly snapshot: Snapshot;
}

export interface TypeProgress {
  readonly state: SyncState;
  /** When that state began. Milliseconds since the epoch. */
  readonly since: number;
  /** When the last response was sent. Milliseconds since the epoch. */
  readonly sentAt?: number;
}

export type SyncState =
  /** The proxy has accepted all that it is to have. */
  | 'synced'
  /** Something is on its way, or waits for another type. */
  | 'stale'
  /** The proxy refuses something. */
  | 'nack'
  /** Nothing was sent, since there is nothing that the proxy asked for. */
  | 'not sent';

export interface TypeStatus {
  /** Version of the last response; missing when nothing was sent. */
  readonly sent?: string;
  /** Version of the last response that the proxy accepted. */
  readonly acked?: string;
  /** What the proxy refuses at present, in its own words. */
  readonly rejection?: Rejection;
  /** How many resources the proxy asked for by name, or `all`. */
  readonly subscribed: number | 'all';
  /** How many of its resources the current snapshot has. */
  readonly available: number;
}

export interface TypeCounters {
  readonly pushes: number;
  readonly bytes: number;
  readonly resources: number;
  readonly acks: number;
  readonly rejections: number;
}

export interface AdsCounters {
  /** Streams opened since the start. */
  readonly streams: number;
  /** Streams refused because of their node id. */
  readonly refused: number;
  readonly types: Readonly<Record<XdsType, TypeCounters>>;
}

/** The state of one type, or undefined when the proxy does not ask for it. */
export function typeStatus(
  held: TypeState,
  target: Snapshot | undefined,
  type: XdsType,
): TypeStatus | undefined {
  const { subscription, sent, acked, rejection } = held;
  if (subscription === undefined) return undefined;
  return {
    ...(sent === undefined ? {} : { sent }),
    ...(acked === undefined ? {} : { acked }),
    ...(rejection === undefined ? {} : { rejection }),
    subscribed: subscription.wildcard === 'no' ? subscription.names.size : 'all',
    available: target?.[type].resources.size ?? 0,
  };
}

/** How far a type is; undefined when the proxy does not ask for it. */
export function syncStateOf(state: StreamState, type: XdsType): SyncState | undefined {
  const { subscription, rejection, sent } = state.types[type];
  if (subscription === undefined) return undefined;
  if (rejection !== undefined) return 'nack';
  if (state.target === undefined || !isDelivered({ ...state, target: state.target }, type)) {
    return 'stale';
  }
  return sent === undefined ? 'not sent' : 'synced';
}

/** The types part of a ProxyStatus. */
export function typeStatuses(state: StreamState): ProxyStatus['types'] {
  const types: Partial<Record<XdsType, TypeStatus>> = {};
  for (const type of ['cluster', 'endpoint', 'listener', 'route'] as const) {
    const status = typeStatus(state.types[type], state.target, type);
    if (status !== undefined) types[type] = status;
  }
  return types;
}
