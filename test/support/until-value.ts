import type { Watched } from '../../kit/watched.ts';

/** Resolves with the first value of the cell, from now on, that `accepts` takes. */
export function untilValue<T>(cell: Watched<T>, accepts: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    let unsubscribe: (() => void) | undefined;
    let isDone = false;
    unsubscribe = cell.subscribe((value) => {
      if (isDone || !accepts(value)) return;
      isDone = true;
      unsubscribe?.();
      resolve(value);
    });
    // The cell calls back while subscribing when it already holds such a value.
    if (isDone as boolean) unsubscribe();
  });
}
