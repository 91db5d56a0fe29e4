/** An xDS client over gRPC that behaves as Envoy does (see envoy-model.ts), for tests and benchmarks of delivery. */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { Client, credentials } from '@grpc/grpc-js';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from '../../pilot/proto/messages.ts';
import { decode } from '../../pilot/proto/reader.ts';
import { encode } from '../../pilot/proto/writer.ts';
import { parseTypeUrl } from '../../pilot/ads/request.ts';
import { createResource } from '../../pilot/xds/bundle.ts';
import type { EncodedResource, XdsType } from '../../pilot/xds/resource.ts';
import { xdsTypes } from '../../pilot/xds/resource.ts';
import { formatNodeMetadata } from '../../sidecar/contract/node.ts';
import type { ModelRequest, ModelResponse } from './envoy-model.ts';
import { EnvoyModel } from './envoy-model.ts';

export interface AdsClientOptions {
  /** host:port of the server. */
  readonly address: string;
  readonly transport: 'delta' | 'sotw';
  /** Node id; one that pilot takes unless given. */
  readonly node?: string;
  /** Why the client refuses a resource; undefined when it takes it. */
  readonly refuse?: (type: XdsType, resource: EncodedResource) => string | undefined;
}

interface Condition {
  readonly holds: () => boolean;
  readonly resolve: () => void;
}

export class AdsClient {
  readonly model: EnvoyModel;
  /** Every response, in order. */
  readonly responses: ModelResponse[] = [];
  readonly #options: AdsClientOptions;
  readonly #conditions = new Set<Condition>();
  #client: Client | undefined;
  #stream: ClientDuplexStream<Uint8Array, Uint8Array> | undefined;
  #status: { readonly code: number; readonly details: string } | undefined;

  constructor(options: AdsClientOptions) {
    this.#options = options;
    this.model = new EnvoyModel(options);
  }

  /** Opens a stream; after `disconnect` again, with what the client still has. */
  connect(): void {
    const { address, transport } = this.#options;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    });
    const name = transport === 'delta' ? 'DeltaAggregatedResources' : 'StreamAggregatedResources';
    const pass = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
    const stream = this.#client.makeBidiStreamRequest(
      `/envoy.service.discovery.v3.AggregatedDiscoveryService/${name}`,
      pass,
      (bytes) => bytes,
    );
    stream.on('data', (bytes: Buffer) => {
      this.#receive(bytes);
    });
    stream.on('error', () => undefined);
    stream.on('status', ({ code, details }) => {
      this.#status = { code, details };
      this.#check();
    });
    this.#stream = stream;
    this.#status = undefined;
    for (const request of this.model.connect()) this.#send(request);
  }

  disconnect(): void {
    this.#stream?.cancel();
    this.#client?.close();
  }

  /** How the stream ended; undefined while it is open. */
  ended(): { readonly code: number; readonly details: string } | undefined {
    return this.#status;
  }

  /** Waits until `holds`, which is asked after every message. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#conditions.add({ holds, resolve });
      this.#check();
    });
  }

  #check(): void {
    for (const condition of this.#conditions) {
      if (!condition.holds()) continue;
      this.#conditions.delete(condition);
      condition.resolve();
    }
  }

  #receive(bytes: Buffer): void {
    const response =
      this.#options.transport === 'delta' ? parseDelta(bytes) : this.#parseWhole(bytes);
    this.responses.push(response);
    for (const request of this.model.receive(response)) this.#send(request);
    this.#check();
  }

  #parseWhole(bytes: Buffer): ModelResponse {
    const { typeUrl, nonce, versionInfo, resources } = decode(DiscoveryResponseSchema, bytes);
    const type = typeOf(typeUrl);
    return {
      type,
      nonce,
      version: versionInfo,
      resources: resources.map(({ value }) => createResource(nameOf(value), value)),
      removed: [],
    };
  }

  #send(request: ModelRequest): void {
    const { transport, node = 'sidecar~127.0.0.1~test.default~service.consul' } = this.#options;
    this.#stream?.write(transport === 'delta' ? toDelta(request, node) : toWhole(request, node));
  }
}

function typeOf(url: string): XdsType {
  const type = parseTypeUrl(url);
  if (type === undefined) throw new Error(`unexpected type ${url}`);
  return type;
}

/** All four resource types have their name in field 1. */
function nameOf(resource: Uint8Array): string {
  const length = resource[1] ?? 0;
  return Buffer.from(resource.subarray(2, 2 + length)).toString();
}

function parseDelta(bytes: Uint8Array): ModelResponse {
  const response = decode(DeltaDiscoveryResponseSchema, bytes);
  return {
    type: typeOf(response.typeUrl),
    nonce: response.nonce,
    version: response.systemVersionInfo,
    resources: response.resources.map(({ name, version, resource }) => ({
      name,
      version,
      value: resource?.value ?? new Uint8Array(0),
    })),
    removed: response.removedResources,
  };
}

function errorOf({ error }: ModelRequest): { code: number; message: string } | undefined {
  return error === undefined ? undefined : { code: 13, message: error };
}

function nodeOf(id: string) {
  return { id, metadata: formatNodeMetadata({ namespace: 'default', labels: {} }) as never };
}

function toDelta(request: ModelRequest, node: string): Uint8Array {
  return encode(DeltaDiscoveryRequestSchema, {
    node: nodeOf(node),
    typeUrl: xdsTypes[request.type],
    responseNonce: request.nonce,
    resourceNamesSubscribe: request.subscribe,
    resourceNamesUnsubscribe: request.unsubscribe,
    initialResourceVersions: request.versions,
    errorDetail: errorOf(request),
  });
}

function toWhole(request: ModelRequest, node: string): Uint8Array {
  return encode(DiscoveryRequestSchema, {
    node: nodeOf(node),
    typeUrl: xdsTypes[request.type],
    responseNonce: request.nonce,
    versionInfo: request.version,
    resourceNames: request.names,
    errorDetail: errorOf(request),
  });
}
