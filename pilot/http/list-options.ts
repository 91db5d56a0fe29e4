import type { FastifyRequest } from 'fastify';
import { ApiError, badRequest } from './api-error.ts';
import { readQuery } from './object-request.ts';

/** Which state a list or a watch is to show (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions). */
export type Freshness =
  | { readonly kind: 'newest' }
  | { readonly kind: 'any' }
  | { readonly kind: 'notOlderThan'; readonly version: string }
  | { readonly kind: 'exact'; readonly version: string };

/** Throws ApiError 400 or 422 for versions that are none, and for combinations that Kubernetes forbids. */
export function readFreshness(request: FastifyRequest): Freshness {
  const version = readVersion(request);
  const match = readQuery(request, 'resourceVersionMatch');
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOption('resourceVersionMatch', 'must be Exact or NotOlderThan');
  }
  if (match !== '' && version === '') {
    throw invalidOption('resourceVersionMatch', 'is forbidden unless resourceVersion is provided');
  }
  if (match === 'Exact' && version === '0') {
    throw invalidOption('resourceVersionMatch', 'Exact is forbidden for resourceVersion 0');
  }
  if (version === '') return { kind: 'newest' };
  if (version === '0') return { kind: 'any' };
  return { kind: match === 'Exact' ? 'exact' : 'notOlderThan', version };
}

export type WatchStart =
  /** First what is there, then what happens; `isMarked` when a bookmark says where the first part ends. */
  | { readonly kind: 'state'; readonly isMarked: boolean; readonly version: string }
  /** What happens from now on. */
  | { readonly kind: 'now' }
  /** What happened since a version. */
  | { readonly kind: 'version'; readonly version: string };

/** Throws ApiError 400 or 422 as above. */
export function readWatchStart(request: FastifyRequest): WatchStart {
  const version = readVersion(request);
  const match = readQuery(request, 'resourceVersionMatch');
  const initial = readQuery(request, 'sendInitialEvents');
  if (initial === '' && match !== '') {
    throw invalidOption(
      'resourceVersionMatch',
      'is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (initial !== '' && match !== 'NotOlderThan') {
    throw invalidOption(
      'sendInitialEvents',
      'requires setting resourceVersionMatch to NotOlderThan',
    );
  }
  if (['true', '1'].includes(initial)) return { kind: 'state', isMarked: true, version };
  const isFresh = version === '' || version === '0';
  if (initial !== '') return isFresh ? { kind: 'now' } : { kind: 'version', version };
  return isFresh ? { kind: 'state', isMarked: false, version } : { kind: 'version', version };
}

/** '' without one. Throws ApiError 400. */
export function readVersion(request: FastifyRequest): string {
  const version = readQuery(request, 'resourceVersion');
  if (version !== '' && !/^\d{1,16}$/.test(version)) {
    throw badRequest(`invalid resourceVersion ${JSON.stringify(version)}: must be a decimal`);
  }
  return version;
}

/** `timeoutSeconds` in milliseconds; undefined without a limit. Throws ApiError 400. */
export function readTimeout(request: FastifyRequest): number | undefined {
  const given = readQuery(request, 'timeoutSeconds');
  if (!/^\d{0,9}$/.test(given)) throw badRequest(`invalid timeoutSeconds ${given}`);
  return Number(given) === 0 ? undefined : Number(given) * 1000;
}

/** Throws ApiError 504 when the client knows a newer state than we do: it asks again, or asks another server. */
export function assertKnown(wanted: string, current: string): void {
  if (Number(wanted) <= Number(current)) return;
  throw new ApiError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    {
      retryAfterSeconds: 1,
      causes: [
        {
          reason: 'ResourceVersionTooLarge',
          message: 'Too large resource version',
          field: '',
        },
      ],
    },
  );
}

function invalidOption(field: string, what: string): ApiError {
  const message = `Forbidden: ${field} ${what}`;
  return new ApiError(
    422,
    'Invalid',
    `ListOptions.meta.k8s.io "" is invalid: ${field}: ${message}`,
    {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: [{ reason: 'FieldValueForbidden', message, field }],
    },
  );
}
