import { describeError } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { StoreError } from './store.ts';

/** Runs actions one after the other, in the order in which they were given. */
export class SerialQueue {
  readonly #log: Log;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Rejects as the action does, and with StoreError `E_CLOSED` when it comes too late. */
  run<T>(action: () => Promise<T> | T): Promise<T> {
    const run = this.#last.then(() => {
      if (this.#closed) throw new StoreError('E_CLOSED', 'the store is closed');
      return action();
    });
    this.#last = run.catch((error: unknown) => {
      if (error instanceof StoreError) return;
      this.#log.error({ error: describeError(error) }, 'configuration store failed');
    });
    return run;
  }

  /** Waits for the action that runs; those behind it do not run any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}
