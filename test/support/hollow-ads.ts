import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

/**
 * The least an Envoy takes for a control plane: answers every delta subscription with no resources. Fields
 * by their numbers in envoy/service/discovery/v3/discovery.proto.
 */
export interface HollowAds {
  readonly port: number;
  /** First request of each stream, as sent. */
  readonly firstRequests: readonly Buffer[];
  /** Answers what was asked and what will be. */
  readonly open: () => void;
  /** Answers nothing new until it is opened again. */
  readonly hold: () => void;
  readonly close: () => void;
}

type Stream = ServerDuplexStream<Buffer, Buffer>;

const typeUrlField = 2;
const nonceField = 6;

/** Starts it on 127.0.0.1, open. */
export async function startHollowAds(): Promise<HollowAds> {
  const server = new Server();
  const waiting: (() => void)[] = [];
  const firstRequests: Buffer[] = [];
  let isOpen = true;
  const handle = (stream: Stream): void => {
    let first = true;
    stream.on('error', () => undefined);
    stream.on('data', (request: Buffer) => {
      if (first) firstRequests.push(request);
      first = false;
      const fields = readFields(request);
      const type = fields.get(typeUrlField);
      if (type === undefined || fields.has(nonceField)) return;
      const answer = (): void => {
        stream.write(Buffer.concat([field(4, type), field(5, Buffer.from('1'))]));
      };
      if (isOpen) answer();
      else waiting.push(answer);
    });
    stream.on('end', () => {
      stream.end();
    });
  };
  const asIs = (bytes: Buffer): Buffer => bytes;
  const method = {
    path: '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources',
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
  server.addService({ DeltaAggregatedResources: method }, { DeltaAggregatedResources: handle });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    firstRequests,
    open: () => {
      isOpen = true;
      for (const answer of waiting.splice(0)) answer();
    },
    hold: () => {
      isOpen = false;
    },
    close: () => {
      server.forceShutdown();
    },
  };
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

/** The last of each length-delimited top-level field of a message. */
function readFields(message: Buffer): ReadonlyMap<number, Buffer> {
  const fields = new Map<number, Buffer>();
  let offset = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(offset++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (offset < message.length) {
    const tag = readVarint();
    const length = readVarint();
    fields.set(tag >> 3, message.subarray(offset, offset + length));
    offset += length;
  }
  return fields;
}
