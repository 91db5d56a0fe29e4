import { createBackoff } from './backoff.ts';
import type { ConsulClient } from './consul-client.ts';
import { type Closer, delay } from './lifecycle.ts';

export interface BlockingQueryOptions {
  readonly client: ConsulClient;
  /** Path below the address, with its own query if any. */
  readonly path: string;
  /** The next query is sent when what this returns has come to an end. */
  readonly onReply: (body: unknown, info: ReplyInfo) => void | Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export interface ReplyInfo {
  /** The index went back: Consul has lost its data or is another one. */
  readonly reset: boolean;
  /** Consul's index of what the reply shows; absent on endpoints that cannot block. */
  readonly index?: number;
}

/** Consul holds a query for so long (s) and adds up to a sixteenth; after that the connection counts as dead. */
const waitSeconds = 60;
const timeout = (waitSeconds * 17 * 1000) / 16 + 5000;
/** The first query must not hang on a connection that nobody answers (ms). */
const firstTimeout = 5000;

/**
 * Follows a path of Consul by blocking queries (Consul docs, "Blocking Queries"): the index goes back to none
 * when it decreases or a query fails, and failures, those of `onReply` included, are retried with backoff for ever.
 */
export function followBlockingQuery(options: BlockingQueryOptions): Closer {
  const { client, path, onReply, onFailure } = options;
  const abort = new AbortController();
  const backoff = createBackoff({ initial: 100, max: 2000 });

  const follow = async (): Promise<void> => {
    let index: number | undefined;
    let highest = 0;
    while (!abort.signal.aborted) {
      try {
        const reply = await client.request({
          path: index === undefined ? path : withIndex(path, index),
          signal: abort.signal,
          timeout: index === undefined ? firstTimeout : timeout,
        });
        const reset = reply.index !== undefined && reply.index < highest;
        highest = reply.index ?? 0;
        index = reset ? undefined : reply.index;
        backoff.reset();
        await onReply(reply.body, {
          reset,
          ...(reply.index === undefined ? {} : { index: reply.index }),
        });
        // Without an index there is nothing to wait for: ask again, but not in a loop.
        if (reply.index === undefined) await delay(backoff.next(), abort.signal);
      } catch (error) {
        if (isAborted(abort.signal)) return;
        index = undefined;
        onFailure(error);
        await delay(backoff.next(), abort.signal);
      }
    }
  };
  const done = follow();
  return {
    close: () => {
      abort.abort();
      return done;
    },
  };
}

/** A function, because the compiler takes a property that was false once to be false for ever. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function withIndex(path: string, index: number): string {
  return `${path}${path.includes('?') ? '&' : '?'}index=${index}&wait=${waitSeconds}s`;
}
