import type { Config } from '../config.ts';
import type { Headers, HttpGet, Reply } from '../http/client.ts';
import { versionHeader } from '../http/server.ts';
import type { Log } from '../log.ts';

export type Backend = 'details' | 'reviews' | 'ratings';

/** One try of a call. Times in ms, from the start of the page. */
export interface Try {
  readonly start: number;
  readonly end: number;
  /** Missing when there was no answer. */
  readonly status?: number;
}

/** What a backend gave: its answer, or the text to show in its place. */
export interface Fetched {
  readonly backend: Backend;
  /** The backend's last status, or 500 when it did not answer. */
  readonly status: number;
  /** The backend's JSON when status is 200, else `{ error }`. */
  readonly body: unknown;
  readonly tries: readonly Try[];
  /** The version that answered, if it says so. */
  readonly version?: string;
}

/** Calls a backend about one product. It never throws: what goes wrong is in the result. */
export type Fetch = (backend: Backend, id: string, headers: Headers) => Promise<Fetched>;

const sorry: Readonly<Record<Backend, string>> = {
  details: 'Sorry, product details are currently unavailable for this book.',
  reviews: 'Sorry, product reviews are currently unavailable for this book.',
  ratings: 'Sorry, product ratings are currently unavailable for this book.',
};

/**
 * Reviews gets a second try, whatever went wrong with the first, as in Istio's sample: together with the
 * timeout of one try it is what one sees in the fault-injection and timeout tasks.
 */
const maxTries: Readonly<Record<Backend, number>> = { details: 1, reviews: 2, ratings: 1 };

/** A fetcher whose times count from now: one per page. */
export function createFetch(config: Config, get: HttpGet, log: Log): Fetch {
  const origin = performance.now();
  const elapsed = (): number => performance.now() - origin;
  return async (backend, id, headers) => {
    const url = `${config.upstreams[backend]}/${backend}/${encodeURIComponent(id)}`;
    const tries: Try[] = [];
    let reply: Reply;
    let body: unknown;
    do {
      const start = elapsed();
      reply = await get({ url, headers, timeout: config.timeouts.page });
      const status = reply.kind === 'answer' ? { status: reply.status } : {};
      tries.push({ start, end: elapsed(), ...status });
      body = readBody(reply);
      if (body === undefined) log(`${backend}: ${whatWentWrong(reply)}`);
    } while (body === undefined && tries.length < maxTries[backend]);
    return {
      backend,
      tries,
      status: body === undefined ? failureStatus(reply) : 200,
      body: body === undefined ? { error: sorry[backend] } : body,
      ...versionOf(reply),
    };
  };
}

/** The JSON of a 200; undefined for everything else. */
function readBody(reply: Reply): unknown {
  if (reply.kind === 'failure' || reply.status !== 200) return undefined;
  try {
    return JSON.parse(reply.body) as unknown;
  } catch {
    return undefined;
  }
}

function whatWentWrong(reply: Reply): string {
  if (reply.kind === 'failure') return reply.reason;
  return reply.status === 200 ? 'the answer is not JSON' : `status ${reply.status}`;
}

function failureStatus(reply: Reply): number {
  if (reply.kind === 'failure') return 500;
  return reply.status > 200 && reply.status < 600 ? reply.status : 500;
}

function versionOf(reply: Reply): { readonly version?: string } {
  const version = reply.kind === 'answer' ? reply.headers[versionHeader] : undefined;
  return version === undefined ? {} : { version };
}
