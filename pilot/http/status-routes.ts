import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ConfigObject } from '../api/resource.ts';
import { badRequest, noSuchPath, notFound } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import {
  apiRoots,
  keyOfTarget,
  readObjectTarget,
  readTarget,
  subjectOf,
} from './object-request.ts';
import { getObject } from './object-read-routes.ts';
import { assertCurrent, assertSameName, readWriting } from './object-update.ts';
import { addWarnings, readSubmission } from './object-write.ts';
import { patchFunction, readPatchType } from './patch-type.ts';
import { present } from './present.ts';
import { hasStatus } from './reconciled.ts';

const notKept = 'is written by pilot alone: what was sent of it is not kept';

/**
 * The status subresource. Reading it is reading the object. A write is checked as every write is, and answered with
 * the object as it is and a warning: pilot works the status out whenever it is asked for, so there is nothing of it
 * that a client could change.
 */
export function serveStatus(app: FastifyInstance, deps: HttpServerDeps): void {
  const objects = apiRoots.flatMap((root) => [
    `${root}/:plural/:name`,
    `${root}/namespaces/:namespace/:plural/:name`,
  ]);
  for (const object of [...objects, '/api/v1/namespaces/:name']) {
    const path = `${object}/status`;
    app.get(path, (request) => {
      assertStatus(request);
      return getObject(request, deps);
    });
    app.put(path, (request, reply) => replaceStatus(request, reply, deps));
    app.patch(path, (request, reply) => patchStatus(request, reply, deps));
  }
}

function assertStatus(request: FastifyRequest): void {
  if (!hasStatus(readTarget(request).definition)) throw noSuchPath();
}

function replaceStatus(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): ConfigObject {
  const stored = readStored(request, deps);
  const { target, unknownFields } = readWriting(request, deps);
  const { body } = readSubmission(target, request.body, unknownFields);
  return answer(request, reply, { deps, stored, metadata: body['metadata'] });
}

function patchStatus(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): ConfigObject {
  const stored = readStored(request, deps);
  const target = readObjectTarget(request);
  const patch = patchFunction(readPatchType(request), target.definition, 'with apply');
  const patched = patch(present(deps, stored, target), request.body);
  if (typeof patched !== 'object' || patched === null) {
    throw badRequest('the patch leaves no object');
  }
  const { metadata } = patched as { readonly metadata?: unknown };
  return answer(request, reply, { deps, stored, metadata });
}

/** Throws ApiError 404. */
function readStored(request: FastifyRequest, { store }: HttpServerDeps): ConfigObject {
  assertStatus(request);
  const target = readObjectTarget(request);
  const stored = store.get(keyOfTarget(target));
  if (stored === undefined) throw notFound(subjectOf(target, target.name));
  return stored;
}

interface StatusWrite {
  readonly deps: HttpServerDeps;
  readonly stored: ConfigObject;
  /** Of the object that was sent. */
  readonly metadata: unknown;
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { deps, stored, metadata }: StatusWrite,
): ConfigObject {
  const target = readObjectTarget(request);
  const given = typeof metadata === 'object' && metadata !== null ? metadata : {};
  assertSameName(target, given);
  assertCurrent(subjectOf(target, target.name), stored, given);
  const problem = { code: 'W_STATUS', severity: 'warning', resource: target.name } as const;
  addWarnings(reply, [{ ...problem, path: 'status', message: notKept }]);
  return present(deps, stored, target);
}
