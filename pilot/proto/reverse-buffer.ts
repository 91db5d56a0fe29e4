/**
 * A growing buffer that is filled from its end. Protobuf puts the length of a nested message before the message;
 * written backwards, the length is known when it is due, so there is one pass and no copying.
 */
export class ReverseBuffer {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #position = this.#bytes.length;

  /** How many bytes are written. */
  get length(): number {
    return this.#bytes.length - this.#position;
  }

  clear(): void {
    this.#position = this.#bytes.length;
  }

  /** A copy of what is written. */
  toBytes(): Uint8Array {
    return Buffer.from(this.#bytes.subarray(this.#position));
  }

  /** A varint of a non-negative integer up to 2^53 - 1. */
  varint(value: number): void {
    if (value < 0x80) {
      const at = this.#reserve(1);
      this.#bytes[at] = value;
      return;
    }
    let size = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
    let at = this.#reserve(size);
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#bytes[at] = (rest % 0x80) | 0x80;
      at += 1;
    }
    this.#bytes[at] = rest;
  }

  /** A varint of the 64 bits of a bigint, of either sign. */
  varint64(value: bigint): void {
    if (value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.varint(Number(value));
      return;
    }
    const groups: number[] = [];
    for (let rest = BigInt.asUintN(64, value); rest > 0n; rest >>= 7n) {
      groups.push(Number(rest & 0x7fn));
    }
    const at = this.#reserve(groups.length);
    groups.forEach((group, index) => {
      this.#bytes[at + index] = index < groups.length - 1 ? group | 0x80 : group;
    });
  }

  fixed32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
  }

  fixed64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
  }

  float(value: number): void {
    const at = this.#reserve(4);
    this.#view.setFloat32(at, value, true);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** The UTF-8 bytes of `value`. */
  string(value: string): void {
    if (value.length > 48 || !this.#ascii(value)) {
      const size = Buffer.byteLength(value, 'utf8');
      const at = this.#reserve(size);
      this.#bytes.write(value, at, size, 'utf8');
    }
  }

  /** Writes a short string if it is plain ASCII: cheaper than the call into the native encoder. */
  #ascii(value: string): boolean {
    const at = this.#reserve(value.length);
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) {
        this.#position += value.length;
        return false;
      }
      this.#bytes[at + index] = code;
    }
    return true;
  }

  /** Makes room for `size` bytes before what is written; returns where they begin. May replace the buffer. */
  #reserve(size: number): number {
    if (this.#position < size) this.#grow(size);
    this.#position -= size;
    return this.#position;
  }

  #grow(size: number): void {
    const written = this.length;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, written + size));
    grown.set(this.#bytes.subarray(this.#position), grown.length - written);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    this.#position = grown.length - written;
  }
}
