import { OperationError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';

/** A code that is not to be said of some objects. */
export interface Suppression {
  readonly code: string;
  /** `KIND NAME.NAMESPACE`, in which * stands for any text. */
  readonly object: string;
}

/** Reads `CODE=KIND NAME.NAMESPACE`, the form of istioctl. Throws OperationError `E_USAGE`. */
export function parseSuppression(text: string): Suppression {
  const [, code, object] = /^([^=\s]+)=(\S+ \S+\.\S+|\*)$/.exec(text) ?? [];
  if (code !== undefined && object !== undefined) return { code, object };
  throw new OperationError(
    'E_USAGE',
    `--suppress "${text}" is not CODE=KIND NAME.NAMESPACE, such as "CM0304=VirtualService reviews.default"`,
  );
}

export function isSuppressed(problem: Problem, suppressions: readonly Suppression[]): boolean {
  const [, kind = '', namespace = '', name = ''] =
    /^(\S+) ([^/\s]+)\/(\S+)$/.exec(problem.resource) ?? [];
  const object = `${kind} ${name}.${namespace}`;
  return suppressions.some(
    (one) => one.code === problem.code && matchesPattern(one.object, object),
  );
}

function matchesPattern(pattern: string, text: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[.+?^$()|[\]{}\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${source}$`).test(text);
}
