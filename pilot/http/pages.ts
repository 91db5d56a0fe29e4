import type { FastifyRequest } from 'fastify';
import type { ConfigObject } from '../api/resource.ts';
import type { ConfigStore, ObjectFilter, ObjectList } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import { ApiError, badRequest } from './api-error.ts';
import { assertKnown, readFreshness } from './list-options.ts';
import { readQuery, readSelector } from './object-request.ts';
import { listAt, placeOf } from './snapshot.ts';

/** One page of a list, or all of it. */
export interface Page {
  readonly objects: readonly ConfigObject[];
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
}

/** Where the next page begins. */
interface Token {
  /** The state that all pages show; missing once that state was lost. */
  readonly version?: string;
  /** The place of the last object before. */
  readonly after: string;
}

/** Throws ApiError 410 when the state of the first page is no longer known. */
export function readPage(request: FastifyRequest, store: ConfigStore, filter: ObjectFilter): Page {
  const limit = readLimit(request);
  const selects = readSelector(request);
  const token = readToken(request);
  const list = listFor(request, { store, filter, token });
  const selected = list.items.filter(({ metadata }) => selects(metadata));
  const rest =
    token === undefined ? selected : selected.filter((object) => placeOf(object) > token.after);
  const metadata = { resourceVersion: list.version };
  const objects = limit === 0 ? rest : rest.slice(0, limit);
  const last = objects.at(-1);
  if (objects.length === rest.length || last === undefined) return { objects: rest, metadata };
  const next = writeToken({ version: list.version, after: placeOf(last) });
  // Counting what a selector leaves costs Kubernetes too much, so clients do not expect it then.
  const counted = isSelective(request) ? {} : { remainingItemCount: rest.length - limit };
  return { objects, metadata: { ...metadata, continue: next, ...counted } };
}

function isSelective(request: FastifyRequest): boolean {
  return readQuery(request, 'labelSelector') !== '' || readQuery(request, 'fieldSelector') !== '';
}

function readLimit(request: FastifyRequest): number {
  const given = readQuery(request, 'limit');
  if (!/^\d{0,9}$/.test(given)) throw badRequest(`invalid limit ${given}`);
  return Number(given);
}

interface Wanted {
  readonly store: ConfigStore;
  readonly filter: ObjectFilter;
  readonly token: Token | undefined;
}

function listFor(request: FastifyRequest, { store, filter, token }: Wanted): ObjectList {
  if (token !== undefined) return continued(store, filter, token);
  const freshness = readFreshness(request);
  if (freshness.kind === 'exact') return listAt(store, filter, freshness.version);
  const current = store.list(filter);
  if (freshness.kind === 'notOlderThan') assertKnown(freshness.version, current.version);
  return current;
}

function continued(store: ConfigStore, filter: ObjectFilter, token: Token): ObjectList {
  if (token.version === undefined) return store.list(filter);
  try {
    return listAt(store, filter, token.version);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'E_EXPIRED') throw expired(token);
    throw error;
  }
}

/** The answer offers to go on with the newest state instead (as Kubernetes does). */
function expired({ after }: Token): ApiError {
  return new ApiError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: writeToken({ after }) },
  );
}

const tokenVersion = 'meta.k8s.io/v1';

function writeToken({ version = '-1', after }: Token): string {
  const token = { v: tokenVersion, rv: Number(version), start: after };
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function readToken(request: FastifyRequest): Token | undefined {
  const text = readQuery(request, 'continue');
  if (text === '') return undefined;
  const given = readQuery(request, 'resourceVersion');
  if (given !== '' && given !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const { v, rv, start } = parseToken(text);
  const isValid = v === tokenVersion && Number.isSafeInteger(rv) && typeof start === 'string';
  if (!isValid) throw badRequest('continue key is not valid');
  return { after: start, ...(rv === -1 ? {} : { version: String(rv) }) };
}

function parseToken(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
