/** What pilot knows of one ADS stream, what can happen to it and what is done in answer. Data only. */
import { emptyBundle } from '../xds/bundle.ts';
import type { Bundle, EncodedResource, Snapshot, XdsType } from '../xds/resource.ts';
import type { Transport } from './request.ts';
import type { NamesInRequest, Subscription } from './subscription.ts';

/** A response that the client has not acknowledged. At most one per type. */
export interface InFlight {
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

export interface Rejection {
  readonly version: string;
  /** The client's own words. */
  readonly text: string;
  /** The resources that the text names, or all of the response when it names none. */
  readonly names: readonly string[];
}

export interface TypeState {
  /** Missing until the client asks for the type. */
  readonly subscription?: Subscription;
  /** What the client has been sent, as far as it is subscribed. Shared with the snapshots, not copied. */
  readonly given: Bundle;
  /** Names to be sent even when the client was sent them before. */
  readonly pending: ReadonlySet<string>;
  /** Whether the client waits for an answer, even an empty one. */
  readonly unanswered: boolean;
  readonly inFlight?: InFlight | undefined;
  /** Nonce of the last response. */
  readonly nonce: string;
  /** Resources that the client rejected and has not accepted since. */
  readonly rejected: ReadonlySet<string>;
  readonly sent?: string;
  readonly acked?: string;
  readonly rejection?: Rejection | undefined;
}

export interface StreamState {
  readonly transport: Transport;
  readonly target?: Snapshot;
  readonly types: Readonly<Record<XdsType, TypeState>>;
  /** How many responses were sent; makes nonces. */
  readonly sequence: number;
  /** New clusters whose endpoints the client has not acknowledged. */
  readonly warming: ReadonlySet<string>;
  /** Whether an `overdue` event for requests is awaited. */
  readonly waiting: boolean;
  /** Whether a type that the client has not asked for by now counts as one that it never will. */
  readonly presumed: boolean;
  /** Nonce of a cluster response that the client takes too long to acknowledge; others no longer wait for it. */
  readonly late?: string;
  /** Whether the client has all of `target`. */
  readonly synced: boolean;
}

export interface SendEffect {
  readonly kind: 'send';
  readonly type: XdsType;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  readonly removed: readonly string[];
}

export type Effect =
  | SendEffect
  /** Feed this event back after the time that `patience` gives for it. */
  | { readonly kind: 'await'; readonly event: OverdueEvent }
  | { readonly kind: 'acked'; readonly type: XdsType; readonly version: string }
  | { readonly kind: 'rejected'; readonly type: XdsType; readonly rejection: Rejection }
  | { readonly kind: 'synced'; readonly snapshot: Snapshot };

export interface RequestEvent {
  readonly kind: 'request';
  readonly type: XdsType;
  readonly nonce: string;
  readonly error?: string;
  readonly names: NamesInRequest;
  readonly versions: ReadonlyMap<string, string>;
}

export type StreamEvent =
  RequestEvent | { readonly kind: 'snapshot'; readonly snapshot: Snapshot } | OverdueEvent;

export type OverdueEvent =
  /** The client has not asked for what it was expected to ask for. */
  | { readonly kind: 'overdue'; readonly what: 'requests' }
  /** The client has not acknowledged the clusters of this response. */
  | { readonly kind: 'overdue'; readonly what: 'clusters'; readonly nonce: string };

/**
 * How long to wait (ms). Clients that do not subscribe to endpoints get half a second. Envoy acknowledges clusters
 * when they are warm; one that cannot become warm must not hold everything else back for ever.
 */
export const patience = { requests: 500, clusters: 5000 } as const;

export interface Outcome {
  readonly state: StreamState;
  readonly effects: readonly Effect[];
}

const none: ReadonlySet<string> = new Set();

function initialType(type: XdsType): TypeState {
  return {
    given: emptyBundle(type),
    pending: none,
    unanswered: false,
    nonce: '',
    rejected: none,
  };
}

/** A stream on which nothing was said. */
export function initialState(transport: Transport): StreamState {
  return {
    transport,
    types: {
      cluster: initialType('cluster'),
      endpoint: initialType('endpoint'),
      listener: initialType('listener'),
      route: initialType('route'),
    },
    sequence: 0,
    warming: none,
    waiting: false,
    presumed: false,
    synced: false,
  };
}

/** Replaces the state of one type. */
export function withType<S extends StreamState>(
  state: S,
  type: XdsType,
  change: Partial<TypeState>,
): S {
  return { ...state, types: { ...state.types, [type]: { ...state.types[type], ...change } } };
}
