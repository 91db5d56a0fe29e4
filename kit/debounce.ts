import type { Clock } from './clock.ts';

export interface Debounce {
  /** Asks for a run; many calls within the quiet time make one run. */
  readonly trigger: () => void;
  /** Runs now, in place of a run that was asked for. */
  readonly flush: () => void;
  readonly close: () => void;
}

export interface DebounceOptions {
  /** Run when nothing was triggered for so long (ms). */
  readonly quiet: number;
  /** Run at the latest so long after the first trigger (ms). */
  readonly max: number;
  readonly clock: Clock;
}

/** Coalesces bursts: `run` is called after a quiet time, and at the latest after `max`. */
export function createDebounce(run: () => void, options: DebounceOptions): Debounce {
  const { quiet, max, clock } = options;
  let first: number | undefined;
  let cancel: (() => void) | undefined;

  const fire = (): void => {
    first = undefined;
    cancel = undefined;
    run();
  };
  const forget = (): void => {
    cancel?.();
    cancel = undefined;
    first = undefined;
  };
  return {
    trigger: () => {
      const now = clock.now();
      first ??= now;
      cancel?.();
      cancel = clock.after(Math.max(0, Math.min(quiet, first + max - now)), fire);
    },
    flush: () => {
      forget();
      run();
    },
    close: forget,
  };
}
