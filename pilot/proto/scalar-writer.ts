import { ScalarType } from '@bufbuild/protobuf';
import type { ReverseBuffer } from './reverse-buffer.ts';

/** Writes one value, without a tag. The type is checked where the message is built. */
export type ValueWriter = (out: ReverseBuffer, value: never) => void;

export interface ScalarWriter {
  readonly write: ValueWriter;
  /** The wire type of a single value. */
  readonly wireType: number;
  /** Whether the value is the one that proto3 leaves out when presence is implicit. */
  readonly isZero: (value: never) => boolean;
}

export const wire = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const isZeroNumber = (value: number | bigint): boolean => value === 0 || value === 0n;
const isPositiveZero = (value: number): boolean => Object.is(value, 0);

function writeInt32(out: ReverseBuffer, value: number): void {
  if (value >= 0) out.varint(value);
  else out.varint64(BigInt(value));
}

function writeDelimited(out: ReverseBuffer, value: Uint8Array): void {
  out.bytes(value);
  out.varint(value.length);
}

function writeString(out: ReverseBuffer, value: string): void {
  const before = out.length;
  out.string(value);
  out.varint(out.length - before);
}

const varint = (write: ValueWriter): ScalarWriter => ({
  write,
  wireType: wire.varint,
  isZero: isZeroNumber,
});

/** How each protobuf scalar is written (https://protobuf.dev/programming-guides/encoding). */
export const scalarWriters: Readonly<Record<ScalarType, ScalarWriter>> = {
  [ScalarType.BOOL]: {
    write: (out: ReverseBuffer, value: boolean) => {
      out.varint(value ? 1 : 0);
    },
    wireType: wire.varint,
    isZero: (value: boolean) => !value,
  },
  [ScalarType.STRING]: {
    write: writeString,
    wireType: wire.delimited,
    isZero: (value: string) => value === '',
  },
  [ScalarType.BYTES]: {
    write: writeDelimited,
    wireType: wire.delimited,
    isZero: (value: Uint8Array) => value.length === 0,
  },
  [ScalarType.DOUBLE]: {
    write: (out: ReverseBuffer, value: number) => {
      out.double(value);
    },
    wireType: wire.fixed64,
    isZero: isPositiveZero,
  },
  [ScalarType.FLOAT]: {
    write: (out: ReverseBuffer, value: number) => {
      out.float(value);
    },
    wireType: wire.fixed32,
    isZero: isPositiveZero,
  },
  [ScalarType.INT32]: varint(writeInt32),
  [ScalarType.UINT32]: varint((out: ReverseBuffer, value: number) => {
    out.varint(value);
  }),
  [ScalarType.SINT32]: varint((out: ReverseBuffer, value: number) => {
    out.varint(((value << 1) ^ (value >> 31)) >>> 0);
  }),
  [ScalarType.INT64]: varint((out: ReverseBuffer, value: bigint) => {
    out.varint64(value);
  }),
  [ScalarType.UINT64]: varint((out: ReverseBuffer, value: bigint) => {
    out.varint64(value);
  }),
  [ScalarType.SINT64]: varint((out: ReverseBuffer, value: bigint) => {
    out.varint64(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }),
  [ScalarType.FIXED32]: fixed32(),
  [ScalarType.SFIXED32]: fixed32(),
  [ScalarType.FIXED64]: fixed64(),
  [ScalarType.SFIXED64]: fixed64(),
};

function fixed32(): ScalarWriter {
  return {
    write: (out: ReverseBuffer, value: number) => {
      out.fixed32(value);
    },
    wireType: wire.fixed32,
    isZero: isZeroNumber,
  };
}

function fixed64(): ScalarWriter {
  return {
    write: (out: ReverseBuffer, value: bigint) => {
      out.fixed64(value);
    },
    wireType: wire.fixed64,
    isZero: isZeroNumber,
  };
}
