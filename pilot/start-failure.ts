import { OperationError, describeError } from '../kit/errors.ts';
import type { Log } from '../kit/log.ts';

/** Where a flag says that pilot is to listen. */
export interface ListenPlace {
  readonly flag: '--grpc' | '--http' | '--https';
  /** HOST:PORT. */
  readonly address: string;
}

/** Waits until a server listens. Throws OperationError `E_LISTEN`, which names the flag and says what to do. */
export async function listenAt<T>(place: ListenPlace, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (cause) {
    throw new OperationError('E_LISTEN', explain(place, cause), { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: ', which another program uses; end that, or ',
  EADDRNOTAVAIL: ', which is no address of this machine; ',
  EACCES: ', which needs rights that pilot does not have; ',
};

function explain({ flag, address }: ListenPlace, error: unknown): string {
  const remedy = `choose another address with ${flag}`;
  const code = codeOf(error) ?? '';
  const why = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  return `cannot listen on ${address}${why ?? '; '}${remedy}`;
}

/** The error of the system, which may be the cause of another one. */
function codeOf(error: unknown): string | undefined {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  return cause === undefined ? code : codeOf(cause);
}

interface Output {
  readonly isTTY?: boolean;
  readonly write: (text: string) => unknown;
}

/** Says why pilot could not start: in the log, and in a plain line to a person who looks on. */
export function reportFailure(error: unknown, log: Log, output: Output): void {
  const message = describeError(error);
  log.error({}, message);
  if (output.isTTY === true) output.write(`cmesh pilot: ${message}\n`);
}
