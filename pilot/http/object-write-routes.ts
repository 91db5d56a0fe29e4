import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ConfigObject } from '../api/resource.ts';
import { notFound, strictPatch } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { applyObject } from './object-apply.ts';
import { createObject } from './object-create.ts';
import { deleteObject, deleteObjects } from './object-delete.ts';
import { apiRoots, inVersion, readTarget } from './object-request.ts';
import {
  acceptUpdate,
  assertSameName,
  presentWritten,
  readWriting,
  storePlanned,
} from './object-update.ts';
import { readSubmission } from './object-write.ts';
import { applyType, patchFunction, readPatchType } from './patch-type.ts';

/** Create, replace, patch and delete of every kind. */
export function serveObjectWrites(app: FastifyInstance, deps: HttpServerDeps): void {
  const collections = apiRoots.flatMap((root) => [
    `${root}/:plural`,
    `${root}/namespaces/:namespace/:plural`,
  ]);
  for (const collection of collections) {
    const object = `${collection}/:name`;
    app.post(collection, { onRequest: assertServed }, (request, reply) =>
      createObject(request, reply, deps),
    );
    app.put(object, (request, reply) => replaceObject(request, reply, deps));
    app.patch(object, (request, reply) => patchObject(request, reply, deps));
    app.delete(object, (request, reply) => deleteObject(request, reply, deps));
    app.delete(collection, (request) => deleteObjects(request, deps));
  }
}

/** Before the body is read: kubectl sends kinds that are not served here as protobuf, which would be the complaint. */
function assertServed(
  request: FastifyRequest,
  _reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  try {
    readTarget(request);
    done();
  } catch (error) {
    done(error as Error);
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
  return presentWritten(writing, stored);
}

async function patchObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const type = readPatchType(request);
  if (type === applyType) return applyObject(request, reply, deps);
  const patch = patchFunction(type, readTarget(request).definition);
  const writing = readWriting(request, deps);
  const { target, subject } = writing;
  const stored = await storePlanned(writing, reply, (before) => {
    if (before === undefined) throw notFound(subject);
    const patched = patch(inVersion(before, target), request.body);
    return acceptUpdate(writing, before, patched, strictPatch);
  });
  return presentWritten(writing, stored);
}
