import type { Closer } from './lifecycle.ts';

export interface Termination extends Closer {
  /** Aborts at the first SIGTERM or SIGINT. */
  readonly signal: AbortSignal;
}

/** Listens for the signals by which a process is asked to end; closing it gives them back their default. */
export function onTermination(): Termination {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  process.once('SIGTERM', abort);
  process.once('SIGINT', abort);
  return {
    signal: controller.signal,
    close: () => {
      process.off('SIGTERM', abort);
      process.off('SIGINT', abort);
    },
  };
}
