import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { type ResponseParts, bigPart } from './response.ts';

export type AdsCall = ServerDuplexStream<Uint8Array, Uint8Array>;

/** Writes one response; `flushed` is called when it has left, or cannot any more. */
export type ResponseWriter = (parts: ResponseParts, flushed: () => void) => void;

/** Compressed flag and length before each gRPC message. */
const prefixLength = 5;

/** The part of node's Http2Stream that is used here. */
interface RawStream {
  readonly write: (chunk: Uint8Array, done: () => void) => boolean;
  readonly cork: () => void;
  readonly uncork: () => void;
  readonly destroyed: boolean;
}

/**
 * A writer for the responses of one call. grpc-js copies every message into a new frame for every stream; when its
 * HTTP/2 stream can be reached, frames are written to it directly and the encoded resources are shared by all streams,
 * which takes a fifth of the CPU for big responses. The stream is not public in grpc-js, so the version is pinned, its
 * presence is checked, and without it messages are written in the ordinary way.
 */
export function createResponseWriter(call: AdsCall): ResponseWriter {
  const raw = findRawStream(call);
  if (raw === undefined) {
    return (parts, flushed) => {
      call.write(Buffer.concat([parts.head, ...parts.resources]), flushed);
    };
  }
  call.sendMetadata(new Metadata());
  return (parts, flushed) => {
    if (raw.destroyed) flushed();
    else writeFrame(raw, parts, flushed);
  };
}

function findRawStream(call: AdsCall): RawStream | undefined {
  const inner: unknown = Reflect.get(call, 'call');
  if (typeof inner !== 'object' || inner === null) return undefined;
  const stream: unknown = Reflect.get(inner, 'stream');
  return isRawStream(stream) ? stream : undefined;
}

function isRawStream(stream: unknown): stream is RawStream {
  if (typeof stream !== 'object' || stream === null) return false;
  const methods = ['write', 'cork', 'uncork', 'respond', 'sendTrailers'];
  return methods.every((name) => typeof Reflect.get(stream, name) === 'function');
}

/** A small message is copied together; the parts of others are written as they are. */
function writeFrame(raw: RawStream, parts: ResponseParts, flushed: () => void): void {
  const { head, resources, size } = parts;
  const prefix = Buffer.allocUnsafe(prefixLength);
  prefix.writeUInt8(0, 0);
  prefix.writeUInt32BE(size, 1);
  if (size < bigPart) {
    raw.write(Buffer.concat([prefix, head, ...resources]), flushed);
    return;
  }
  const chunks = [Buffer.concat([prefix, head]), ...resources];
  raw.cork();
  for (const [index, chunk] of chunks.entries()) {
    raw.write(chunk, index === chunks.length - 1 ? flushed : () => undefined);
  }
  raw.uncork();
}
