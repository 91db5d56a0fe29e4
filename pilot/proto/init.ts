/** What the writer encodes: plain objects with the fields that are set. */
import type { JsonObject, Message } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';

export type ReadonlyJson = null | boolean | number | string | readonly ReadonlyJson[] | JsonFields;

export interface JsonFields {
  readonly [name: string]: ReadonlyJson;
}

/**
 * A message as an object literal, as `create()` of the protobuf library takes it: a oneof is `{ case, value }`,
 * a wrapper such as UInt32Value its value, a Struct a JSON object, a 64-bit number a bigint. In addition a key may
 * be undefined (not set) and a message within may be given as its bytes (see EncodedMessage).
 */
export type Init<T extends Message> =
  | T
  | {
      readonly [P in keyof T as P extends '$unknown' | '$typeName' ? never : P]?:
        FieldInit<T[P]> | undefined;
    };

type Plain = Uint8Array | bigint | boolean | string | number | undefined;

type FieldInit<F> = F extends Plain
  ? F
  : F extends readonly (infer U)[]
    ? readonly FieldInit<U>[]
    : F extends Message
      ? Init<F> | EncodedMessage<F>
      : F extends { case: infer C extends string; value: infer V }
        ? { readonly case: C; readonly value: FieldInit<V> }
        : F extends { case: undefined }
          ? F
          : JsonObject extends F
            ? JsonFields
            : F extends Readonly<Record<string, infer V>>
              ? Readonly<Record<string, FieldInit<V>>>
              : F;

/** A message that is already encoded: the writer copies its bytes where the message belongs. */
export class EncodedMessage<T extends Message> {
  readonly type: GenMessage<T>;
  readonly bytes: Uint8Array;

  constructor(type: GenMessage<T>, bytes: Uint8Array) {
    this.type = type;
    this.bytes = bytes;
  }
}

/** Marks `bytes` as an encoded message of `type`, to be spliced into another message. */
export function encoded<T extends Message>(
  type: GenMessage<T>,
  bytes: Uint8Array,
): EncodedMessage<T> {
  return new EncodedMessage(type, bytes);
}
