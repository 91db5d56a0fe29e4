import { status as grpcStatus } from '@grpc/grpc-js';
import type { Clock } from '../../kit/clock.ts';
import { assertNever, describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import type { Snapshot, XdsType } from '../xds/resource.ts';
import type { Counters } from './counters.ts';
import type { NodeIdentity } from './node.ts';
import { explainNodeId, parseNode } from './node.ts';
import { Progress } from './progress.ts';
import type { PushSlots } from './push-slots.ts';
import { reduce } from './reducer.ts';
import type { DiscoveryRequest, Transport } from './request.ts';
import { parseRequest, parseTypeUrl } from './request.ts';
import type { AdsCall, ResponseWriter } from './response-writer.ts';
import { createResponseWriter } from './response-writer.ts';
import { bigPart, encodeResponse } from './response.ts';
import type { Connection, SnapshotSource } from './snapshot-source.ts';
import type { ProxyStatus, ProxyTarget } from './status.ts';
import { typeStatuses } from './status.ts';
import type { Effect, OverdueEvent, SendEffect, StreamEvent, StreamState } from './stream-state.ts';
import { initialState, patience } from './stream-state.ts';

/** What all streams of a server share. */
export interface StreamContext {
  readonly source: SnapshotSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly slots: PushSlots;
  readonly onAck: (node: NodeIdentity, type: XdsType, version: string) => void;
  /** Called when a proxy has said who it is, when `synced` of a stream may have become true, and when it ends. */
  readonly onProgress: (stream: AdsStream) => void;
}

interface Proxy {
  readonly node: NodeIdentity;
  readonly connection: Connection;
}

/** One ADS stream: carries requests and snapshots to the reducer and does what it says. */
export class AdsStream {
  readonly #call: AdsCall;
  readonly #context: StreamContext;
  readonly #write: ResponseWriter;
  readonly #peer: string;
  readonly #connectedAt: number;
  readonly #timers = new Set<() => void>();
  readonly #events: StreamEvent[] = [];
  readonly #progress: Progress;
  #state: StreamState;
  #proxy: Proxy | undefined;
  #ended = false;

  constructor(call: AdsCall, transport: Transport, context: StreamContext) {
    this.#call = call;
    this.#context = context;
    this.#state = initialState(transport);
    this.#peer = call.getPeer();
    this.#connectedAt = context.clock.now();
    this.#progress = new Progress(context.clock);
    this.#write = createResponseWriter(call);
  }

  /** Undefined until the proxy has said who it is. */
  status(): ProxyStatus | undefined {
    if (this.#proxy === undefined) return undefined;
    return {
      node: this.#proxy.node,
      peer: this.#peer,
      transport: this.#state.transport,
      connectedAt: this.#connectedAt,
      synced: this.isSynced(),
      types: typeStatuses(this.#state),
      progress: this.#progress.read(),
    };
  }

  /** Who is at the other end, and what it is to have; undefined until both are known. */
  target(): ProxyTarget | undefined {
    const { target } = this.#state;
    if (this.#proxy === undefined || target === undefined) return undefined;
    return { node: this.#proxy.node, snapshot: target };
  }

  isSynced(): boolean {
    return this.#ended || this.#state.target === undefined || this.#state.synced;
  }

  /** Whether the proxy has accepted all of its current snapshot, and asked for all that it takes. */
  isUpToDate(): boolean {
    const { target, synced, types } = this.#state;
    const hasAsked = types.listener.subscription !== undefined;
    const refuses = Object.values(types).some(({ rejection }) => rejection !== undefined);
    return !this.#ended && target !== undefined && synced && hasAsked && !refuses;
  }

  isOver(): boolean {
    return this.#ended;
  }

  /** One message from the client. */
  receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    let request: DiscoveryRequest;
    try {
      request = parseRequest(this.#state.transport, bytes);
      this.#proxy ??= this.#greet(request);
    } catch (error) {
      this.#refuse(describeError(error));
      return;
    }
    if (this.#proxy !== undefined) this.#dispatch(this.#proxy.node, request);
  }

  /** Ends the stream from our side; the client will connect again. */
  end(): void {
    if (this.#ended) return;
    this.closed();
    this.#call.end();
  }

  /** The stream is over. */
  closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#proxy?.connection.close();
    this.#context.onProgress(this);
  }

  #greet(request: DiscoveryRequest): Proxy | undefined {
    const proxy = this.#identify(request);
    if (proxy !== undefined) this.#context.onProgress(this);
    return proxy;
  }

  #identify(request: DiscoveryRequest): Proxy | undefined {
    const node = request.node === undefined ? '' : parseNode(request.node);
    if (typeof node === 'string') {
      this.#refuse(explainNodeId(node));
      return undefined;
    }
    const listener = (snapshot: Snapshot): void => {
      if (this.#ended || snapshot === this.#state.target) return;
      this.#feed({ kind: 'snapshot', snapshot });
    };
    this.#context.counters.opened();
    return { node, connection: this.#context.source.connect(node, listener) };
  }

  #refuse(details: string): void {
    this.#context.counters.refused();
    this.#context.log.warn({ peer: this.#peer, details }, 'refused an ADS stream');
    this.closed();
    this.#call.emit('error', { code: grpcStatus.INVALID_ARGUMENT, details });
  }

  #dispatch(node: NodeIdentity, request: DiscoveryRequest): void {
    const type = parseTypeUrl(request.typeUrl);
    if (type === undefined) {
      this.#context.log.debug({ node: node.text, type: request.typeUrl }, 'unknown xDS type');
      return;
    }
    const { nonce, names, versions, error } = request;
    this.#feed({
      kind: 'request',
      type,
      nonce,
      names,
      versions,
      ...(error === undefined ? {} : { error }),
    });
  }

  /** One event at a time: what an effect sets off (a hook that publishes a snapshot) comes after it. */
  #feed(event: StreamEvent): void {
    this.#events.push(event);
    if (this.#events.length > 1) return;
    for (let next = this.#events[0]; next !== undefined; next = this.#events[0]) {
      const { state, effects } = reduce(this.#state, next);
      this.#state = state;
      for (const effect of effects) this.#perform(effect);
      this.#events.shift();
    }
    this.#progress.take(this.#state);
    if (this.#state.synced) this.#context.onProgress(this);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#send(effect);
        break;
      case 'await':
        this.#startTimer(effect.event);
        break;
      case 'acked':
        this.#context.counters.answered(effect.type, 'acks');
        if (this.#proxy !== undefined) {
          this.#context.onAck(this.#proxy.node, effect.type, effect.version);
        }
        break;
      case 'rejected':
        this.#context.counters.answered(effect.type, 'rejections');
        this.#context.log.warn(
          { node: this.#proxy?.node.text, type: effect.type, ...effect.rejection },
          'a proxy rejected configuration',
        );
        break;
      case 'synced':
        break;
      default:
        assertNever(effect);
    }
  }

  #send(effect: SendEffect): void {
    const parts = encodeResponse(this.#state.transport, effect);
    this.#progress.sent(effect.type);
    this.#context.counters.pushed(effect.type, effect.resources.length, parts.size);
    if (parts.size < bigPart) {
      this.#write(parts, () => undefined);
      return;
    }
    this.#context.slots.enter((leave) => {
      if (this.#ended) leave();
      else this.#write(parts, leave);
    });
  }

  #startTimer(event: OverdueEvent): void {
    const cancel = this.#context.clock.after(patience[event.what], () => {
      this.#timers.delete(cancel);
      this.#feed(event);
    });
    this.#timers.add(cancel);
  }
}
