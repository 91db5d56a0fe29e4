import { sameElements } from '../../kit/same-elements.ts';

export type Recompute<T> = (dependencies: readonly unknown[], compute: () => T) => T;

/**
 * Computes a value again only when one of the things it depends on is another object than last time. The
 * stages keep the identity of what did not change, so comparing identities is enough.
 */
export function recomputeOnChange<T>(): Recompute<T> {
  let last: { readonly dependencies: readonly unknown[]; readonly value: T } | undefined;
  return (dependencies, compute) => {
    if (last === undefined || !sameElements(last.dependencies, dependencies)) {
      last = { dependencies, value: compute() };
    }
    return last.value;
  };
}

/**
 * The same for values that go by a key. Each call begins a round: what was not computed in the round before is
 * forgotten.
 */
export function recomputeByKey<T>(): () => (key: string, ...inputs: Parameters<Recompute<T>>) => T {
  let known = new Map<string, Recompute<T>>();
  return () => {
    const last = known;
    const used = new Map<string, Recompute<T>>();
    known = used;
    return (key, dependencies, compute) => {
      const recompute = used.get(key) ?? last.get(key) ?? recomputeOnChange<T>();
      used.set(key, recompute);
      return recompute(dependencies, compute);
    };
  };
}
