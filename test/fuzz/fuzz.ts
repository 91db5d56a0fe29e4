import type { InjectOptions } from 'fastify';
import type { HttpServer } from '../../pilot/http/server.ts';
import { createRandom } from './random.ts';
import { type FuzzRequest, makeRequest } from './requests.ts';

/** What came of many requests. */
export interface FuzzResult {
  readonly requests: number;
  /** How often each status was the answer. */
  readonly statuses: Readonly<Record<number, number>>;
  /** Requests that were answered with 5xx, or took too long, or not with what clients can read. */
  readonly failures: readonly string[];
  /** The longest time one took, of the processor (ms). */
  readonly slowest: number;
}

/** Of the processor's time, which does not count what else the machine does; what grows faster than its input is far beyond (ms). */
const tooLong = 3000;

/** No more than these are kept: one is enough to begin with. */
const mostFailures = 20;

/** Sends `count` requests, one after the other, without a network. The seed decides which. */
export async function fuzzInjected(
  inject: HttpServer['inject'],
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<FuzzResult> {
  const random = createRandom(seed);
  const statuses: Record<number, number> = {};
  const failures: string[] = [];
  let slowest = 0;
  for (let index = 0; index < count; index += 1) {
    const request = makeRequest(random);
    const start = process.cpuUsage();
    const { statusCode, payload, headers } = await inject(optionsOf(request));
    const { user, system } = process.cpuUsage(start);
    const time = (user + system) / 1000;
    slowest = Math.max(slowest, time);
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
    const fault = findFault(request, {
      statusCode,
      payload,
      type: String(headers['content-type']),
    });
    const what = fault ?? (time > tooLong ? `took ${Math.round(time)} ms` : undefined);
    if (what !== undefined && failures.length < mostFailures) {
      failures.push(`request ${index} of seed ${seed}: ${what}: ${describe(request)}`);
    }
  }
  return { requests: count, statuses, failures, slowest };
}

function optionsOf({ method, url, headers, body }: FuzzRequest): InjectOptions {
  return {
    method: method as 'GET',
    url,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  };
}

interface Answer {
  readonly statusCode: number;
  readonly payload: string;
  readonly type: string;
}

/** The only 5xx there may be: Kubernetes' answer to a version that is yet to come, after which clients ask again. */
const tooLargeVersion = '"reason":"ResourceVersionTooLarge"';

/** Whatever is asked, the answer is no accident, and a refusal is a Status. */
function findFault(
  { method, url }: FuzzRequest,
  { statusCode, payload, type }: Answer,
): string | undefined {
  // An answer to HEAD has no body to say why.
  const why = method === 'HEAD' && url.includes('resourceVersion=') ? tooLargeVersion : payload;
  if (statusCode >= 500 && !(statusCode === 504 && why.includes(tooLargeVersion))) {
    return `${statusCode} ${payload.slice(0, 300)}`;
  }
  if (statusCode < 400 || method === 'HEAD') return undefined;
  if (!type.startsWith('application/json')) return `${statusCode} in ${type}`;
  const { kind, code, reason } = JSON.parse(payload) as Readonly<Record<string, unknown>>;
  if (kind === 'Status' && code === statusCode && reason !== 'InternalError') return undefined;
  return `${statusCode} is no Status: ${payload.slice(0, 300)}`;
}

function describe({ method, url, headers, body }: FuzzRequest): string {
  return JSON.stringify({ method, url, headers, body: body?.toString().slice(0, 1500) });
}
