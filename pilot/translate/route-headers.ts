import type { HeaderOperations as ApiOperations, Headers } from '../api/virtual-service-schema.ts';
import type { Header, HeaderChanges, HeaderOperations } from '../ir/route.ts';
import { sortedEntries } from './route-match.ts';

const none: HeaderOperations = { set: [], add: [], remove: [] };
export const noHeaderChanges: HeaderChanges = { request: none, response: none };

/** Names that stand for the Host header, which is rewritten and not set. */
const authorityNames: ReadonlySet<string> = new Set([':authority', 'host', 'authority']);

export function translateHeaderChanges(headers: Headers | undefined): HeaderChanges {
  if (headers === undefined) return noHeaderChanges;
  return {
    request: translateOperations(headers.request),
    response: translateOperations(headers.response),
  };
}

/** The Host header that a rule sets by `headers.request.set` (as Istio reads it). */
export function authorityOf(headers: Headers | undefined): string | undefined {
  const entries = Object.entries(headers?.request?.set ?? {});
  return entries.find(([name]) => authorityNames.has(name.toLowerCase()))?.[1];
}

function translateOperations(operations: ApiOperations | undefined): HeaderOperations {
  return {
    set: toHeaders(operations?.set),
    add: toHeaders(operations?.add),
    remove: (operations?.remove ?? []).map((name) => name.toLowerCase()),
  };
}

function toHeaders(map: Readonly<Record<string, string>> | undefined): readonly Header[] {
  return sortedEntries(map ?? {})
    .map(([name, value]) => ({ name: name.toLowerCase(), value }))
    .filter(({ name }) => !authorityNames.has(name));
}
