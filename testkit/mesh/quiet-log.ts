import type { Log } from '../../kit/log.ts';

/** A log that nobody reads: what matters of a test run is in its result. */
export const quietLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quietLog,
};
