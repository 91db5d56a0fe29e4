import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import type { ResponseParts } from './response.ts';

export type AdsCall = ServerDuplexStream<Uint8Array, Uint8Array>;

/** Writes one response; `flushed` is called when it has left, or cannot any more. */
export type ResponseWriter = (parts: ResponseParts, flushed: () => void) => void;

/** Above this size (bytes) the resources are written as they are, below they are copied behind the head. */
const copyLimit = 16 * 1024;

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
      call.write(Buffer.concat([parts.head, parts.resources]), flushed);
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

function writeFrame(raw: RawStream, parts: ResponseParts, flushed: () => void): void {
  const { head, resources } = parts;
  const copied = resources.length < copyLimit;
  const first = Buffer.allocUnsafe(prefixLength + head.length + (copied ? resources.length : 0));
  first.writeUInt8(0, 0);
  first.writeUInt32BE(head.length + resources.length, 1);
  first.set(head, prefixLength);
  if (copied) {
    first.set(resources, prefixLength + head.length);
    raw.write(first, flushed);
    return;
  }
  raw.cork();
  raw.write(first, () => undefined);
  raw.write(resources, flushed);
  raw.uncork();
}
