import { sameElements } from '../../kit/same-elements.ts';

/**
 * Computes a value again only when one of the things it depends on is another object than last time. The
 * stages keep the identity of what did not change, so comparing identities is enough.
 */
export function recomputeOnChange<T>(): (dependencies: readonly unknown[], compute: () => T) => T {
  let last: { readonly dependencies: readonly unknown[]; readonly value: T } | undefined;
  return (dependencies, compute) => {
    if (last === undefined || !sameElements(last.dependencies, dependencies)) {
      last = { dependencies, value: compute() };
    }
    return last.value;
  };
}
