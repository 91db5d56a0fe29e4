import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from './field-error.ts';
import { forbidden, invalid, oversized } from './field-error.ts';

/** Rules for the data of Secret and ConfigMap (Kubernetes pkg/apis/core/validation); values are never shown. */

/** Kubernetes' limit for all values together (bytes). */
const maxBytes = 1024 * 1024;

type Values = Readonly<Record<string, string>>;

export function* checkDataKeys(path: string, values: Values | undefined): Iterable<FieldError> {
  for (const key of Object.keys(values ?? {})) {
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || /^\.\.?$/.test(key)) {
      yield invalid(
        path,
        key,
        'must be a name of letters, digits, -, _ and ., at most 253 of them',
      );
    }
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function* checkBase64(path: string, values: Values | undefined): Iterable<FieldError> {
  for (const [key, value] of Object.entries(values ?? {})) {
    if (!base64.test(value.replace(/[\r\n]/g, ''))) {
      const detail =
        'must be base64; for plain text use stringData of a Secret, data of a ConfigMap';
      yield invalid(`${path}[${key}]`, '(not shown)', detail);
    }
  }
}

/** What counts is what the values are, not how they are written; a text stands before base64 of the same name. */
export function* checkSize(path: string, texts: Values, encoded: Values): Iterable<FieldError> {
  const sizes = new Map([
    ...Object.entries(encoded).map(([name, value]) => [name, decodedSize(value)] as const),
    ...Object.entries(texts).map(([name, value]) => [name, Buffer.byteLength(value)] as const),
  ]);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > maxBytes) {
    yield oversized(path, `may not be more than ${maxBytes} bytes together, they are ${bytes}`);
  }
}

function decodedSize(value: string): number {
  return Buffer.byteLength(value.replace(/[\r\n]/g, ''), 'base64');
}

const isFixed = 'field is immutable when `immutable` is set; delete the object and create it anew';

type DataFields = Readonly<Partial<Record<'data' | 'binaryData' | 'immutable', unknown>>>;

/** Data that were declared immutable stay as they are, and immutable. */
export function* checkImmutableData(before: DataFields, after: DataFields): Iterable<FieldError> {
  if (before.immutable !== true) return;
  if (after.immutable !== true) yield forbidden('immutable', isFixed);
  for (const field of ['data', 'binaryData'] as const) {
    if (!isDeepStrictEqual(before[field] ?? {}, after[field] ?? {})) {
      yield forbidden(field, isFixed);
    }
  }
}
