import { describeError } from './errors.ts';

/** What was opened must be closed. */
export interface Closer {
  readonly close: () => Promise<void> | void;
}

/** Collects closers and closes them in the reverse order of their opening; every one is tried. */
export class Lifecycle implements Closer {
  readonly #closers: Closer[] = [];
  #closing: Promise<void> | undefined;

  add<T extends Closer>(opened: T): T {
    this.#closers.push(opened);
    return opened;
  }

  /** Closes all; a second call waits for the first. Throws an AggregateError if any closer failed. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.reverse()) {
      try {
        await closer.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 0) return;
    throw new AggregateError(failures, `closing failed: ${failures.map(describeError).join('; ')}`);
  }
}

/** Waits for `ms`; resolves early, without an error, when `signal` aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
