/**
 * kubectl from 1.32 on creates namespaces in protobuf and takes no other answer for a refusal. The body is
 * `k8s\0` and a runtime.Unknown, whose field 2 holds the Namespace, whose field 1 holds the metadata, whose
 * field 1 holds the name (k8s.io/apimachinery runtime/generated.proto, meta/v1/generated.proto).
 */
export function readNamespaceName(body: Buffer): string | undefined {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') return undefined;
  const path = [2, 1, 1];
  let field: Buffer | undefined = body.subarray(4);
  for (const number of path) {
    if (field === undefined) return undefined;
    field = findField(field, number);
  }
  return field?.toString('utf8');
}

/** The last length-delimited field with the number; undefined when there is none or the bytes are wrong. */
function findField(message: Buffer, wanted: number): Buffer | undefined {
  let found: Buffer | undefined;
  let at = 0;
  while (at < message.length) {
    const tag = readVarint(message, at);
    const value = tag === undefined ? undefined : readVarint(message, tag.next);
    if (tag === undefined || value === undefined) return undefined;
    const type = tag.value % 8;
    if (type === 0) {
      at = value.next;
      continue;
    }
    if (type !== 2 || value.next + value.value > message.length) return undefined;
    at = value.next + value.value;
    if (Math.floor(tag.value / 8) === wanted) found = message.subarray(value.next, at);
  }
  return found;
}

function readVarint(
  bytes: Buffer,
  start: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 7; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: start + index + 1 };
  }
  return undefined;
}
