import type { FastifyRequest } from 'fastify';
import { describeError } from '../../kit/errors.ts';
import { keyOf, showKey } from '../api/kinds.ts';
import { lastingNamespaces } from '../api/namespace.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { StoreError, type ConfigStore } from '../store/store.ts';
import { ApiError, conflict, notFound, type Subject } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { keyOfTarget, readDryRun, subjectOf, type ObjectTarget } from './object-request.ts';
import { assertCurrent } from './object-update.ts';
import { tellStoreErrors } from './object-write.ts';

/** Who writes into a namespace while it goes is not waited for longer than so many rounds. */
const rounds = 5;

/**
 * DELETE of a namespace: what is in it goes first, then the namespace. When something in it cannot be deleted, the
 * rest and the namespace stay. Returns the namespace as it was. Throws ApiError 403, 404 or 409.
 */
export async function deleteNamespace(
  request: FastifyRequest,
  target: ObjectTarget,
  { store }: HttpServerDeps,
): Promise<ConfigObject> {
  const key = keyOfTarget(target);
  const subject = subjectOf(target, target.name);
  const namespace = store.get(key);
  if (namespace === undefined) throw notFound(subject);
  if (lastingNamespaces.includes(target.name)) throw lasting(subject);
  assertCurrent(subject, namespace, readPreconditions(request));
  if (readDryRun(request)) return namespace;
  for (let round = 1; round <= rounds; round += 1) {
    const { items } = store.list({ namespace: target.name });
    if (items.length === 0) break;
    for (const object of items.toSorted(routesFirst)) await remove(store, keyOf(object), subject);
  }
  await tellStoreErrors(subject, deleteIfThere(store, key));
  return namespace;
}

/** `preconditions` of the options in the body of a DELETE; what is no text counts as missing. */
export function readPreconditions(request: FastifyRequest): {
  readonly uid?: string;
  readonly resourceVersion?: string;
} {
  const { preconditions } = (request.body ?? {}) as {
    readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown } | null;
  };
  const { uid, resourceVersion } = preconditions ?? {};
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

/** The words of Kubernetes' admission (plugin NamespaceLifecycle). */
function lasting({ plural: kind, group, name }: Subject): ApiError {
  const message = `namespaces "${name}" is forbidden: this namespace may not be deleted`;
  return new ApiError(403, 'Forbidden', message, { name, group, kind });
}

/** A route must not be left for a moment without the subsets and services that it names. */
function routesFirst(left: ConfigObject, right: ConfigObject): number {
  const rank = ({ kind }: ConfigObject): number => (kind === 'VirtualService' ? 0 : 1);
  return rank(left) - rank(right);
}

async function remove(store: ConfigStore, key: ObjectKey, subject: Subject): Promise<void> {
  try {
    await deleteIfThere(store, key);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'E_FILE_BROKEN') throw error;
    const why = `${showKey(key)}, which is in it, cannot be deleted: ${describeError(error)}`;
    throw conflict(subject, why);
  }
}

/** Somebody else may have been quicker, and a namespace that was only in use goes with what was in it. */
export async function deleteIfThere(
  store: ConfigStore,
  key: ObjectKey,
  options: { readonly dryRun?: boolean } = {},
): Promise<ConfigObject | undefined> {
  try {
    return await store.delete(key, options);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}
