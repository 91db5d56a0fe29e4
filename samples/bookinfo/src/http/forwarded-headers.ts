import type { IncomingHttpHeaders } from 'node:http';
import type { Headers } from './client.ts';

/**
 * Headers that a service passes on to the services it calls, so that the proxies can join their spans to one
 * trace, and so that rules can match on the caller. The list is that of Istio's sample, plus W3C baggage and
 * the single b3 header.
 */
const names: ReadonlySet<string> = new Set([
  'x-request-id',
  'x-ot-span-context',
  'x-cloud-trace-context',
  'b3',
  'traceparent',
  'tracestate',
  'baggage',
  'grpc-trace-bin',
  'sw8',
  'user-agent',
  'cookie',
  'authorization',
  'jwt',
]);

const prefixes = ['x-b3-', 'x-datadog-'];

/** The headers of an incoming request that go along with the calls it causes. */
export function forwardedHeaders(incoming: IncomingHttpHeaders): Headers {
  const entries = Object.entries(incoming).flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    const wanted = names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
    return wanted ? [[name, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** The name of the logged-in user: productpage sets it from the session, the others pass it on. */
export const endUserHeader = 'end-user';
