export interface BackoffOptions {
  /** Delay after the first failure (ms). */
  readonly initial: number;
  /** No delay is longer (ms). */
  readonly max: number;
  /** A number in [0, 1); Math.random unless a test owns it. */
  readonly random?: () => number;
}

export interface Backoff {
  /** The delay before the next try (ms): doubles with each call, with jitter of ±20 %. */
  readonly next: () => number;
  /** To be called after a success. */
  readonly reset: () => void;
}

export function createBackoff(options: BackoffOptions): Backoff {
  const { initial, max, random = Math.random } = options;
  let failures = 0;
  return {
    next: () => {
      const base = Math.min(max, initial * 2 ** failures);
      failures = Math.min(failures + 1, 30);
      return Math.round(base * (0.8 + 0.4 * random()));
    },
    reset: () => {
      failures = 0;
    },
  };
}
