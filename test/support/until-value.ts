import type { Watched } from '../../kit/watched.ts';

/** Resolves with the first value of the cell, the current one included, that `accepts` takes. */
export function untilValue<T>(cell: Watched<T>, accepts: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const unsubscribe = cell.subscribe((value) => {
      if (!accepts(value)) return;
      // Not at once: the cell calls back while it is still subscribing.
      queueMicrotask(() => {
        unsubscribe();
      });
      resolve(value);
    });
  });
}
