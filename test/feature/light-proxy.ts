/**
 * A delta xDS client that asks as Envoy does, acknowledges everything at once and looks at as little as it can, so
 * that hundreds fit beside the server that they measure. It judges nothing; for that there is envoy-model.ts.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { connect } from 'node:http2';
import type { Init, JsonFields } from '../../pilot/proto/init.ts';
import type { DeltaDiscoveryRequest } from '../../pilot/proto/generated/envoy/service/discovery/v3/discovery_pb.js';
import { DeltaDiscoveryRequestSchema } from '../../pilot/proto/messages.ts';
import { encode } from '../../pilot/proto/writer.ts';
import { xdsTypes, type XdsType } from '../../pilot/xds/resource.ts';
import { formatNodeId, formatNodeMetadata } from '../../sidecar/contract/node.ts';
import { FrameSplitter, type LightResource, namesToAsk, parseResponse } from './light-response.ts';

export interface LightProxyOptions {
  /** host:port of the ADS server. */
  readonly server: string;
  /** Name of the workload. */
  readonly id: string;
  /** Address of the workload. */
  readonly address: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Called when a response was acknowledged. */
  readonly onAck?: (type: XdsType) => void;
}

/** Windows of Envoy's HTTP/2 (envoy.config.core.v3.Http2ProtocolOptions): no response waits for a round trip. */
const streamWindow = 16 * 1024 * 1024;
const connectionWindow = 24 * 1024 * 1024;

const path = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';

/** What a cluster or a listener makes a client ask for, by its version: worked out once for all clients. */
const askedBy = new Map<string, readonly string[]>();

export class LightProxy {
  readonly #options: LightProxyOptions;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #splitter = new FrameSplitter();
  /** Names that were asked for and not answered. Of clusters and listeners all are asked for at once. */
  readonly #missing: Readonly<Record<XdsType, Set<string>>> = {
    cluster: new Set(['*']),
    endpoint: new Set(),
    listener: new Set(['*']),
    route: new Set(),
  };
  readonly #known = new Set<string>();
  #failure: Error | undefined;
  /** Messages that wait for an answer. */
  #held: Uint8Array[] | undefined;

  /** Connects at once. */
  constructor(options: LightProxyOptions) {
    this.#options = options;
    const fail = (error: Error): void => {
      this.#failure ??= error;
    };
    this.#session = connect(`http://${options.server}`, {
      settings: { enablePush: false, initialWindowSize: streamWindow },
    });
    this.#session.once('connect', () => {
      this.#session.setLocalWindowSize(connectionWindow);
    });
    this.#session.on('error', fail);
    this.#stream = this.#session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    );
    this.#stream.on('error', fail);
    this.#stream.on('data', (chunk: Buffer) => {
      this.#splitter.push(chunk, (message) => {
        if (this.#held === undefined) this.#receive(message);
        else this.#held.push(message);
      });
    });
    this.#send('cluster', { node: nodeOf(options) });
    this.#send('listener', {});
  }

  /** Whether all that was asked for has been answered. Throws when the stream has failed. */
  isSynced(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return Object.values(this.#missing).every(({ size }) => size === 0);
  }

  /** Answers nothing until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#receive(message);
  }

  close(): void {
    this.#stream.close();
    this.#session.close();
  }

  #receive(message: Uint8Array): void {
    const { type, nonce, resources } = parseResponse(message);
    const missing = this.#missing[type];
    missing.delete('*');
    for (const { name } of resources) missing.delete(name);
    this.#send(type, { responseNonce: nonce });
    if (type === 'cluster') this.#subscribe('endpoint', type, resources);
    if (type === 'listener') this.#subscribe('route', type, resources);
    this.#options.onAck?.(type);
  }

  /** Asks for what the resources of `by` name and was not asked for before. */
  #subscribe(type: XdsType, by: XdsType, resources: readonly LightResource[]): void {
    const names = resources
      .flatMap((resource) => {
        const asked = askedBy.get(resource.version) ?? namesToAsk(by, resource);
        askedBy.set(resource.version, asked);
        return asked;
      })
      .filter((name) => !this.#known.has(name));
    if (names.length === 0) return;
    for (const name of names) {
      this.#known.add(name);
      this.#missing[type].add(name);
    }
    this.#send(type, { resourceNamesSubscribe: names });
  }

  #send(type: XdsType, request: Init<DeltaDiscoveryRequest>): void {
    const message = encode(DeltaDiscoveryRequestSchema, { ...request, typeUrl: xdsTypes[type] });
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    this.#stream.write(frame);
  }
}

function nodeOf({ id, address, labels = {} }: LightProxyOptions): {
  readonly id: string;
  readonly metadata: JsonFields;
} {
  return {
    id: formatNodeId({ type: 'sidecar', address, id, domain: 'service.consul' }),
    metadata: formatNodeMetadata({ namespace: 'default', labels }) as JsonFields,
  };
}
