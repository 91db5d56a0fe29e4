import { isDeepStrictEqual } from 'node:util';
import { ApiError, badRequest } from './api-error.ts';

type Fields = Readonly<Record<string, unknown>>;

/** JSON merge patch (RFC 7386). Neither argument is changed. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result = new Map(Object.entries(isFields(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, applyMergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/**
 * Strategic merge patch for kinds that have maps only: a merge patch, but for the directives, whose names
 * begin with $ (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/).
 */
export function applyStrategicPatch(target: unknown, patch: unknown): unknown {
  return applyMergePatch(target, withoutDirectives(patch));
}

function withoutDirectives(patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const entries = Object.entries(patch).filter(([key]) => !key.startsWith('$'));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutDirectives(value)]));
}

interface Operation {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
}

/** JSON patch (RFC 6902). Throws ApiError when the patch is malformed (400) or cannot be applied (422). */
export function applyJsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be an array of operations');
  return patch.map(readOperation).reduce(applyOperation, target);
}

function readOperation(value: unknown): Operation {
  if (!isFields(value) || typeof value['op'] !== 'string') {
    throw badRequest('each operation of a JSON patch needs op and path');
  }
  const { op, from = '' } = value;
  return { op, path: readPointer(value['path']), from: readPointer(from), value: value['value'] };
}

/** JSON pointer (RFC 6901). */
function readPointer(pointer: unknown): readonly string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) {
    throw badRequest(`${JSON.stringify(pointer)} is not a JSON pointer such as /spec/hosts/0`);
  }
  return pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyOperation(target: unknown, operation: Operation): unknown {
  const { op, path, from, value } = operation;
  switch (op) {
    case 'add':
      return insert(target, path, value);
    case 'remove':
      readAt(target, path);
      return edit(target, path, () => absent);
    case 'replace':
      readAt(target, path);
      return edit(target, path, () => value);
    case 'copy':
      return insert(target, path, readAt(target, from));
    case 'move':
      return insert(
        edit(target, from, () => absent),
        path,
        readAt(target, from),
      );
    case 'test':
      if (isDeepStrictEqual(readAt(target, path), value)) return target;
      throw unprocessable(`the test of /${path.join('/')} failed`);
    default:
      throw badRequest(`${op} is not an operation of JSON patch`);
  }
}

/** Stands for "take it out". */
const absent = Symbol('absent');

function insert(target: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = readAt(target, path.slice(0, -1));
  if (!Array.isArray(parent)) return edit(target, path, () => value);
  const index = last === '-' ? parent.length : toIndex(last, parent.length);
  const longer: readonly unknown[] = parent.toSpliced(index, 0, value);
  return edit(target, path.slice(0, -1), () => longer);
}

/** A copy of `target` in which what is at `path` went through `change`. */
function edit(
  target: unknown,
  path: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(target);
  if (Array.isArray(target)) {
    const index = toIndex(key, target.length - 1);
    const value = edit(target[index], rest, change);
    return value === absent ? target.toSpliced(index, 1) : target.with(index, value);
  }
  if (!isFields(target)) throw missing(path);
  const value = edit(target[key], rest, change);
  if (value === absent && !Object.hasOwn(target, key)) throw missing(path);
  const others = Object.entries(target).filter(([name]) => name !== key);
  return Object.fromEntries(value === absent ? others : [...others, [key, value]]);
}

function readAt(target: unknown, path: readonly string[]): unknown {
  let value = target;
  for (const key of path) {
    if (Array.isArray(value)) value = value[toIndex(key, value.length - 1)];
    else if (isFields(value) && Object.hasOwn(value, key)) value = value[key];
    else throw missing(path);
  }
  return value;
}

function toIndex(key: string, largest: number): number {
  const index = /^(?:0|[1-9]\d*)$/.test(key) ? Number(key) : NaN;
  if (!(index <= largest)) throw unprocessable(`${key} is not an index of the list`);
  return index;
}

function missing(path: readonly string[]): ApiError {
  return unprocessable(`there is nothing at /${path.join('/')}`);
}

function unprocessable(message: string): ApiError {
  return new ApiError(422, 'Invalid', `the patch cannot be applied: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
