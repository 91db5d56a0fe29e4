/**
 * Serves xDS: one AggregatedDiscoveryService for Envoys (delta) and other clients (state of the world). What the
 * proxies are to run comes from a SnapshotSource; this folder only delivers it, in the order that keeps traffic whole.
 */
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { MethodDefinition, ServerCredentials } from '@grpc/grpc-js';
import { Server, ServerCredentials as Credentials } from '@grpc/grpc-js';
import type { Clock } from '../../kit/clock.ts';
import { systemClock } from '../../kit/clock.ts';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import type { XdsType } from '../xds/resource.ts';
import { Counters } from './counters.ts';
import type { NodeIdentity } from './node.ts';
import type { Reconciliation } from './reconciliation.ts';
import { PushSlots } from './push-slots.ts';
import type { Transport } from './request.ts';
import type { AdsCall } from './response-writer.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import type { AdsCounters, ProxyStatus, ProxyTarget } from './status.ts';
import type { StreamContext } from './stream.ts';
import { AdsStream } from './stream.ts';

export interface AdsOptions {
  readonly source: SnapshotSource;
  readonly log: Log;
  readonly clock?: Clock;
  /** Is told how far the proxies are. */
  readonly reconciliation?: Reconciliation;
  /** Called when a proxy accepts a response. */
  readonly onAck?: (node: NodeIdentity, type: XdsType, version: string) => void;
}

const optionsOfGrpc = {
  'grpc.enable_channelz': 0,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // A first request may carry the versions of everything a client has.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
};

/** Sidecars of a whole mesh connect at once when pilot starts; node's default of 511 would make them retry. */
const backlog = 4096;

/** How long (ms) ended streams have to say good-bye. */
const closeTimeout = 500;

export class AdsServer implements Closer {
  readonly #grpc = new Server(optionsOfGrpc);
  readonly #counters = new Counters();
  readonly #streams = new Set<AdsStream>();
  readonly #sockets = new Set<Socket>();
  readonly #closers: (() => void)[] = [];
  readonly #context: StreamContext;
  readonly #clock: Clock;
  #syncWaiters: (() => void)[] = [];

  constructor(options: AdsOptions) {
    const { source, log, clock = systemClock, onAck = () => undefined, reconciliation } = options;
    this.#clock = clock;
    this.#context = {
      source,
      clock,
      log,
      onAck,
      counters: this.#counters,
      slots: new PushSlots({ limit: 64, timeout: 1000, clock }),
      onProgress: (stream) => {
        reconciliation?.progressed(stream);
        this.#wakeSyncWaiters();
      },
    };
    this.#grpc.addService(
      {
        StreamAggregatedResources: method('StreamAggregatedResources'),
        DeltaAggregatedResources: method('DeltaAggregatedResources'),
      },
      {
        StreamAggregatedResources: (call: AdsCall) => {
          this.#open(call, 'sotw');
        },
        DeltaAggregatedResources: (call: AdsCall) => {
          this.#open(call, 'delta');
        },
      },
    );
  }

  /**
   * Listens on `host:port` (port 0: any) and returns the address it got. May be called again for another address,
   * with other credentials; plaintext without. Throws OperationError `E_ADS_LISTEN`.
   */
  async listen(
    address: string,
    credentials: ServerCredentials = Credentials.createInsecure(),
  ): Promise<string> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const injector = this.#grpc.createConnectionInjector(credentials);
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(new OperationError('E_ADS_LISTEN', `cannot listen on ${address}`, { cause }));
      });
      server.listen(
        { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port), backlog },
        resolve,
      );
    });
    this.#closers.push(() => {
      server.close();
      injector.destroy();
    });
    const bound = server.address() as AddressInfo;
    return `${hostname}:${bound.port}`;
  }

  /** The connected proxies, by node id. */
  status(): readonly ProxyStatus[] {
    return [...this.#streams]
      .map((stream) => stream.status())
      .filter((status) => status !== undefined)
      .sort((left, right) => (left.node.text < right.node.text ? -1 : 1));
  }

  /** What the connected proxies are to run, by node id. */
  targets(): readonly ProxyTarget[] {
    return [...this.#streams]
      .map((stream) => stream.target())
      .filter((target) => target !== undefined)
      .sort((left, right) => (left.node.text < right.node.text ? -1 : 1));
  }

  counters(): AdsCounters {
    return this.#counters.read();
  }

  /**
   * Waits until every connected proxy has answered for all of its current snapshot. One that holds on to removed
   * resources because it rejected what replaces them is not done until that is repaired.
   */
  whenSynced(): Promise<void> {
    return new Promise((resolve) => {
      this.#syncWaiters.push(resolve);
      this.#wakeSyncWaiters();
    });
  }

  /** Ends all streams and stops listening. */
  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    for (const stream of this.#streams) stream.end();
    await this.#socketsClosed();
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(call: AdsCall, transport: Transport): void {
    const stream = new AdsStream(call, transport, this.#context);
    this.#streams.add(stream);
    const closed = (): void => {
      this.#streams.delete(stream);
      stream.closed();
    };
    call.on('data', (bytes: Uint8Array) => {
      stream.receive(bytes);
    });
    call.on('end', () => {
      stream.end();
    });
    call.once('cancelled', closed);
    call.once('close', closed);
  }

  #wakeSyncWaiters(): void {
    if (this.#syncWaiters.length === 0) return;
    for (const stream of this.#streams) if (!stream.isSynced()) return;
    for (const wake of this.#syncWaiters.splice(0)) wake();
  }

  async #socketsClosed(): Promise<void> {
    const closed = [...this.#sockets].map(
      (socket) =>
        new Promise<void>((resolve) =>
          socket.once('close', () => {
            resolve();
          }),
        ),
    );
    let cancel: () => void = () => undefined;
    const timeout = new Promise<void>((resolve) => {
      cancel = this.#clock.after(closeTimeout, resolve);
    });
    await Promise.race([Promise.all(closed), timeout]);
    cancel();
  }
}

type AdsMethod = MethodDefinition<Uint8Array, Uint8Array>;

/** A method whose messages stay bytes: we encode and parse them ourselves. */
function method(name: string): AdsMethod {
  const pass = (bytes: Uint8Array): Buffer =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
}
