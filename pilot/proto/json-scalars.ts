import type { ScalarType } from '@bufbuild/protobuf';

interface ScalarForm {
  readonly accepts: (value: unknown) => boolean;
  readonly expected: string;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

const number: ScalarForm = { accepts: isNumber, expected: 'a number' };
const int32 = wholeNumber(-(2n ** 31n), 2n ** 31n - 1n);
const int64 = wholeNumber(-(2n ** 63n), 2n ** 63n - 1n);
const uint32 = wholeNumber(0n, 2n ** 32n - 1n);
const uint64 = wholeNumber(0n, 2n ** 64n - 1n);
const flag: ScalarForm = { accepts: isFlag, expected: 'true or false' };
const text: ScalarForm = { accepts: isText, expected: 'a text' };
const bytes: ScalarForm = { accepts: isBase64, expected: 'base64' };

/** The JSON forms of scalars (proto3 JSON mapping). */
export const scalars = { number, int32, int64, uint32, uint64, flag, text, bytes } as const;

/** By the number of the type in descriptor.proto (FieldDescriptorProto.Type). */
const byType: Readonly<Record<ScalarType, ScalarForm>> = {
  1: number,
  2: number,
  3: int64,
  4: uint64,
  5: int32,
  6: uint64,
  7: uint32,
  8: flag,
  9: text,
  12: bytes,
  13: uint32,
  15: int32,
  16: int64,
  17: int32,
  18: int64,
};

export function scalarForm(type: ScalarType): ScalarForm {
  return byType[type];
}

/** Whole numbers may also be written as texts: JSON has no room for those of 64 bits. */
function wholeNumber(least: bigint, most: bigint): ScalarForm {
  const accepts = (value: unknown): boolean => {
    const isWhole = typeof value === 'string' ? /^-?\d+$/.test(value) : Number.isSafeInteger(value);
    if (!isWhole) return false;
    const whole = BigInt(value as string | number);
    return whole >= least && whole <= most;
  };
  return { accepts, expected: `a whole number from ${least} to ${most}` };
}

function isNumber(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'string' || value.trim() === '') return false;
  return ['NaN', 'Infinity', '-Infinity'].includes(value) || Number.isFinite(Number(value));
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value);
}
