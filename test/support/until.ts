import type { Watched } from '../../kit/watched.ts';

/** Resolves with the first value of the cell, from now on, that `accepts` takes. */
export function until<T>(cell: Watched<T>, accepts: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const unsubscribe = cell.subscribe((value) => {
      if (!accepts(value)) return;
      resolve(value);
      // Not at once: the cell calls back while subscribing when it already holds such a value.
      queueMicrotask(() => {
        unsubscribe();
      });
    });
  });
}
