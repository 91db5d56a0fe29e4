import type { FastifyRequest } from 'fastify';
import { lastingNamespaces, namespaceKey } from '../api/namespace.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { type ConfigStore, StoreError } from '../store/store.ts';
import { ApiError, notFound, type Subject } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { type NamespaceRemoval, removeNamespace } from './namespace-removal.ts';
import { readDryRun, subjectOf, type ObjectTarget } from './object-request.ts';
import { assertCurrent } from './object-update.ts';
import { tellStoreErrors } from './object-write.ts';

/**
 * DELETE of a namespace with what is in it. Somebody else may be deleting it already: then this waits for the same.
 * Returns the namespace as it was. Throws ApiError 403, 404 or 409.
 */
export async function deleteNamespace(
  request: FastifyRequest,
  target: ObjectTarget,
  { store, clock }: HttpServerDeps,
): Promise<ConfigObject> {
  const { name } = target;
  const subject = subjectOf(target, name);
  const preconditions = readPreconditions(request);
  const check = (namespace: ConfigObject): void => {
    if (lastingNamespaces.includes(name)) throw lasting(subject);
    assertCurrent(subject, namespace, preconditions);
  };
  const removal = { store, name, now: clock.now(), check };
  const removed = readDryRun(request)
    ? tryRemoval(removal)
    : await tellStoreErrors(subject, removeNamespace(removal));
  if (removed === undefined) throw notFound(subject);
  return removed;
}

function tryRemoval({ store, name, check }: NamespaceRemoval): ConfigObject | undefined {
  const namespace = store.get(namespaceKey(name));
  if (namespace !== undefined) check?.(namespace);
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
