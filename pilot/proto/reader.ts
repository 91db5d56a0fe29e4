/** Bytes back to messages and JSON: for requests, the debug pages and tests. */
import type { JsonValue, Message } from '@bufbuild/protobuf';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { registry } from './registry.ts';

/** Parses a message. Throws when the bytes are not one. */
export function decode<T extends Message>(type: GenMessage<T>, bytes: Uint8Array): T {
  return fromBinary<GenMessage<T>>(type, bytes);
}

/**
 * A message as canonical protobuf JSON with the field names of the .proto files, as Envoy prints it. Throws when
 * it holds an Any of a message that is not in the registry.
 */
export function toProtoJson<T extends Message>(type: GenMessage<T>, message: T): JsonValue {
  return toJson(type, message as never, { registry, useProtoFieldName: true });
}
