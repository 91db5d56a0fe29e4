import type { FastifyReply, FastifyRequest } from 'fastify';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { warningsOf } from './analysis-warnings.ts';
import { methodNotAllowed } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { deleteIfThere, deleteNamespace, readPreconditions } from './namespace-delete.ts';
import {
  assertScope,
  inVersion,
  keyOfTarget,
  readDryRun,
  readObjectTarget,
  readSelector,
  readTarget,
  subjectOf,
  type ObjectTarget,
  type Target,
} from './object-request.ts';
import { addWarnings, tellStoreErrors } from './object-write.ts';

/** DELETE of one object: gone at once, with all that is in it if it is a namespace. */
export async function deleteObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<unknown> {
  const target = readObjectTarget(request);
  const removed = isOfNamespaces(target)
    ? await deleteNamespace(request, target, deps)
    : await removeObject(request, reply, { target, deps });
  const { plural: kind, group } = target.definition;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: target.name, group, kind, uid: removed.metadata.uid ?? '' },
  };
}

function isOfNamespaces({ definition }: Target): boolean {
  return definition.kind === 'Namespace' && definition.group === '';
}

async function removeObject(
  request: FastifyRequest,
  reply: FastifyReply,
  { target, deps }: { readonly target: ObjectTarget; readonly deps: HttpServerDeps },
): Promise<ConfigObject> {
  const concerns = warningsOf(deps, { kind: 'remove', key: keyOfTarget(target) });
  const removed = await tellStoreErrors(
    subjectOf(target, target.name),
    deps.store.delete(keyOfTarget(target), {
      dryRun: readDryRun(request),
      ...readPreconditions(request),
    }),
  );
  addWarnings(reply, concerns);
  return removed;
}

/** DELETE of a collection: one object after the other. Answers with the list of those that went. */
export async function deleteObjects(
  request: FastifyRequest,
  { store }: HttpServerDeps,
): Promise<unknown> {
  const target = readTarget(request);
  if (isOfNamespaces(target)) throw methodNotAllowed();
  assertScope(target);
  const { definition, namespace = '', version } = target;
  const { group, kind } = definition;
  const selects = readSelector(request);
  const dryRun = readDryRun(request);
  const removed: ConfigObject[] = [];
  for (const { metadata } of store.list({ group, kind, namespace }).items) {
    if (!selects(metadata)) continue;
    const key = { group, kind, namespace, name: metadata.name };
    const gone = await deleteIfThere(store, key, { dryRun });
    if (gone !== undefined) removed.push(inVersion(gone, target));
  }
  return {
    apiVersion: formatApiVersion(group, version),
    kind: `${kind}List`,
    metadata: { resourceVersion: store.list({ kind: '' }).version },
    items: removed,
  };
}
