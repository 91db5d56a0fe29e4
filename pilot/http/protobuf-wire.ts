/** One field of a protobuf message as it comes over the wire (https://protobuf.dev/programming-guides/encoding/). */
export type WireField =
  | { readonly number: number; readonly kind: 'integer'; readonly value: number }
  | { readonly number: number; readonly kind: 'bytes'; readonly value: Buffer };

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * The fields of a message in their order; numbers of a fixed size are skipped, no object of the API that comes
 * in protobuf has them. Throws SyntaxError when the bytes are no message.
 */
export function* readFields(message: Buffer): Generator<WireField> {
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const number = Math.floor(tag.value / 8);
    const type = tag.value % 8;
    at = tag.next;
    if (type === wireTypes.fixed64 || type === wireTypes.fixed32) {
      at = advance(message, at, type === wireTypes.fixed64 ? 8 : 4);
      continue;
    }
    if (type !== wireTypes.varint && type !== wireTypes.bytes) {
      throw new SyntaxError(`field ${number} has the unknown wire type ${type}`);
    }
    const { value, next } = readVarint(message, at);
    if (type === wireTypes.varint) {
      at = next;
      yield { number, kind: 'integer', value };
    } else {
      at = advance(message, next, value);
      yield { number, kind: 'bytes', value: message.subarray(next, at) };
    }
  }
}

function advance(message: Buffer, at: number, length: number): number {
  if (at + length > message.length) throw new SyntaxError('the message ends within a field');
  return at + length;
}

const longestVarint = 10;

function readVarint(
  bytes: Buffer,
  start: number,
): { readonly value: number; readonly next: number } {
  let value = 0n;
  for (let index = 0; index < longestVarint; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) throw new SyntaxError('the message ends within a number');
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      return { value: Number(BigInt.asIntN(64, value)), next: start + index + 1 };
    }
  }
  throw new SyntaxError('a number has more than 64 bits');
}
