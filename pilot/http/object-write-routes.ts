import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { KindDefinition } from '../api/kind.ts';
import type { ConfigObject } from '../api/resource.ts';
import { ApiError, notFound, strictPatch } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { applyObject } from './object-apply.ts';
import { createObject } from './object-create.ts';
import { deleteObject, deleteObjects } from './object-delete.ts';
import { apiRoots, inVersion, readTarget } from './object-request.ts';
import { acceptUpdate, assertSameName, readWriting, storePlanned } from './object-update.ts';
import { readSubmission } from './object-write.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from './patch.ts';
import { present } from './present.ts';

/** Create, replace, patch and delete of every kind. */
export function serveObjectWrites(app: FastifyInstance, deps: HttpServerDeps): void {
  const collections = apiRoots.flatMap((root) => [
    `${root}/:plural`,
    `${root}/namespaces/:namespace/:plural`,
  ]);
  for (const collection of collections) {
    const object = `${collection}/:name`;
    app.post(collection, (request, reply) => createObject(request, reply, deps));
    app.put(object, (request, reply) => replaceObject(request, reply, deps));
    app.patch(object, (request, reply) => patchObject(request, reply, deps));
    app.delete(object, (request, reply) => deleteObject(request, reply, deps));
    app.delete(collection, (request) => deleteObjects(request, deps));
  }
}

async function replaceObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const writing = readWriting(request, deps);
  const { target, subject, unknownFields } = writing;
  const { body } = readSubmission(target, request.body, unknownFields);
  assertSameName(target, body['metadata'] as object);
  const stored = await storePlanned(writing, reply, (before) => {
    if (before === undefined) throw notFound(subject);
    return acceptUpdate(writing, before, body);
  });
  return present(deps, stored, target);
}

async function patchObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (type === applyType) return applyObject(request, reply, deps);
  const patch = patchFunction(type, readTarget(request).definition);
  const writing = readWriting(request, deps);
  const { target, subject } = writing;
  const stored = await storePlanned(writing, reply, (before) => {
    if (before === undefined) throw notFound(subject);
    const patched = patch(inVersion(before, target), request.body);
    return acceptUpdate(writing, before, patched, strictPatch);
  });
  return present(deps, stored, target);
}

const jsonType = 'application/json-patch+json';
const mergeType = 'application/merge-patch+json';
const applyType = 'application/apply-patch+yaml';
const strategicType = 'application/strategic-merge-patch+json';
const patchTypes = [jsonType, mergeType, applyType];

type PatchFunction = (target: unknown, patch: unknown) => unknown;

function patchFunction(type: string, { isFlat }: KindDefinition): PatchFunction {
  // kubectl sends these for the kinds of the core group; their maps merge in both ways alike.
  if (type === strategicType && isFlat === true) return applyStrategicPatch;
  if (type === mergeType) return applyMergePatch;
  if (type === jsonType) return applyJsonPatch;
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${patchTypes.join(', ')}`,
  );
}
