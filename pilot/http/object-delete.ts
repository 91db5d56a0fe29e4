import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { StoreError } from '../store/store.ts';
import { warningsOf } from './analysis-warnings.ts';
import type { HttpServerDeps } from './deps.ts';
import {
  inVersion,
  keyOfTarget,
  readDryRun,
  readObjectTarget,
  readSelector,
  readTarget,
  subjectOf,
} from './object-request.ts';
import { addWarnings, tellStoreErrors } from './object-write.ts';

interface DeleteBody {
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown } | null;
}

/** DELETE of one object: gone at once, there is nothing that depends on it. */
export async function deleteObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<unknown> {
  const target = readObjectTarget(request);
  const concerns = warningsOf(deps, { kind: 'remove', key: keyOfTarget(target) });
  const { preconditions } = (request.body ?? {}) as DeleteBody;
  const { uid, resourceVersion } = preconditions ?? {};
  const removed = await tellStoreErrors(
    subjectOf(target, target.name),
    deps.store.delete(keyOfTarget(target), {
      dryRun: readDryRun(request),
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    }),
  );
  addWarnings(reply, concerns);
  const { plural: kind, group } = target.definition;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: target.name, group, kind, uid: removed.metadata.uid ?? '' },
  };
}

/** DELETE of a collection: one object after the other. Answers with the list of those that went. */
export async function deleteObjects(
  request: FastifyRequest,
  { store }: HttpServerDeps,
): Promise<unknown> {
  const target = readTarget(request);
  const { definition, namespace = '', version } = target;
  const { group, kind } = definition;
  const selects = readSelector(request);
  const dryRun = readDryRun(request);
  const removed: ConfigObject[] = [];
  for (const { metadata } of store.list({ group, kind, namespace }).items) {
    if (!selects(metadata)) continue;
    const gone = await deleteIfThere(
      store.delete({ group, kind, namespace, name: metadata.name }, { dryRun }),
    );
    if (gone !== undefined) removed.push(inVersion(gone, target));
  }
  return {
    apiVersion: formatApiVersion(group, version),
    kind: `${kind}List`,
    metadata: { resourceVersion: store.list({ kind: '' }).version },
    items: removed,
  };
}

/** Somebody else may have been quicker. */
async function deleteIfThere(deletion: Promise<ConfigObject>): Promise<ConfigObject | undefined> {
  try {
    return await deletion;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}
