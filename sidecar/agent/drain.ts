import { delay } from '../../kit/lifecycle.ts';
import type { EnvoyAdmin } from '../envoy/admin.ts';
import { isTimeout } from './http.ts';

export interface DrainOptions {
  /** How long to wait at most (ms). */
  readonly limit: number;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
}

export type DrainEnd =
  /** No other workload is connected any more. */
  | 'closed'
  /** Connections are left, but for `quietTime` none of them carried anything. */
  | 'quiet'
  /** Some were still busy when time was up, or Envoy was gone. */
  | 'cut';

/** How often to look (ms). */
const interval = 100;
/** Peers keep idle connections open for later calls; after so long without one they may be closed (ms). */
const quietTime = 1000;

/** Asks Envoy to drain inbound traffic and waits until there is none, or for `limit`. */
export async function drain(admin: EnvoyAdmin, options: DrainOptions): Promise<DrainEnd> {
  const { limit, signal } = options;
  const end = Date.now() + limit;
  const isOver = (): boolean => signal.aborted || Date.now() >= end;
  try {
    await insist(admin.drainInbound, isOver);
    let busyAt = Date.now();
    for (;;) {
      const { connections, busy } = await insist(admin.inboundActivity, isOver);
      const now = Date.now();
      if (connections === 0) return 'closed';
      if (busy > 0) busyAt = now;
      else if (now - busyAt >= quietTime) return 'quiet';
      if (now >= end || signal.aborted) return 'cut';
      await delay(Math.min(interval, end - now), signal);
    }
  } catch {
    return 'cut';
  }
}

/**
 * Asks again when time was up before Envoy answered: a machine that was held up for a second must not cost its
 * callers their connections. An Envoy that is gone fails otherwise.
 */
async function insist<T>(ask: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (isOver() || !isTimeout(error)) throw error;
    }
  }
}
