import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { KindDefinition } from '../api/kind.ts';
import type { ConfigObject } from '../api/resource.ts';
import { StoreError } from '../store/store.ts';
import { ApiError, notFound, strictPatch } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import type { ObjectTarget } from './object-request.ts';
import {
  apiRoots,
  inVersion,
  keyOfTarget,
  readDryRun,
  readFieldValidation,
  readObjectTarget,
  readQuery,
  readTarget,
  subjectOf,
} from './object-request.ts';
import { addWarnings, decodeSubmission, readSubmission, tellStoreErrors } from './object-write.ts';
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from './patch.ts';
import { parseSelector } from './selector.ts';

/** How often a patch is worked out again when somebody else wrote in between. */
const patchAttempts = 5;

/** Create, replace, patch and delete of every kind. */
export function serveObjectWrites(app: FastifyInstance, deps: HttpServerDeps): void {
  for (const root of apiRoots) {
    const collection = `${root}/namespaces/:namespace/:plural`;
    const object = `${collection}/:name`;
    app.post(collection, (request, reply) => createObject(request, reply, deps));
    app.put(object, (request, reply) => replaceObject(request, reply, deps));
    app.patch(object, (request, reply) => patchObject(request, reply, deps));
    app.delete(object, (request) => deleteObject(request, deps));
    app.delete(collection, (request) => deleteObjects(request, deps));
  }
}

async function createObject(
  request: FastifyRequest,
  reply: FastifyReply,
  { store }: HttpServerDeps,
): Promise<ConfigObject> {
  const target = readTarget(request);
  const submission = readSubmission(target, request.body, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission);
  const subject = subjectOf(target, object.metadata.name);
  const dryRun = readDryRun(request);
  const stored = await tellStoreErrors(subject, store.create(asNew(object), { dryRun }));
  addWarnings(reply, warnings);
  void reply.code(201);
  return inVersion(stored, target);
}

/** What only the server decides is not taken from somebody who creates an object. */
function asNew(object: ConfigObject): ConfigObject {
  const { name, namespace, labels, annotations } = object.metadata;
  return {
    ...object,
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

async function replaceObject(
  request: FastifyRequest,
  reply: FastifyReply,
  { store }: HttpServerDeps,
): Promise<ConfigObject> {
  const target = readObjectTarget(request);
  const submission = readSubmission(target, request.body, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission);
  const subject = subjectOf(target, target.name);
  assertSameName(target, object);
  const dryRun = readDryRun(request);
  const stored = await tellStoreErrors(subject, store.replace(object, { dryRun }));
  addWarnings(reply, warnings);
  return inVersion(stored, target);
}

function assertSameName(target: ObjectTarget, object: ConfigObject): void {
  if (object.metadata.name === target.name) return;
  throw new ApiError(
    400,
    'BadRequest',
    `the name of the object (${object.metadata.name}) does not match the name on the URL (${target.name})`,
  );
}

async function patchObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const target = readObjectTarget(request);
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const apply = patchFunction(type, target.definition);
  for (let attempt = 1; ; attempt += 1) {
    const before = deps.store.get(keyOfTarget(target));
    if (before === undefined) {
      if (type === applyType) return createObject(request, reply, deps);
      throw notFound(subjectOf(target, target.name));
    }
    try {
      return await replacePatched(request, reply, { target, before, apply, deps });
    } catch (error) {
      const isRace = error instanceof StoreError && error.code === 'E_CONFLICT';
      if (!isRace || attempt === patchAttempts) {
        return tellStoreErrors(subjectOf(target, target.name), Promise.reject(error as Error));
      }
    }
  }
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
  // Without field managers an apply merges: fields that it no longer names stay.
  if (type === mergeType || type === applyType) return applyMergePatch;
  if (type === jsonType) return applyJsonPatch;
  throw new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${patchTypes.join(', ')}`,
  );
}

interface Patching {
  readonly target: ObjectTarget;
  readonly before: ConfigObject;
  readonly apply: PatchFunction;
  readonly deps: HttpServerDeps;
}

async function replacePatched(
  request: FastifyRequest,
  reply: FastifyReply,
  { target, before, apply, deps }: Patching,
): Promise<ConfigObject> {
  const patched = apply(inVersion(before, target), request.body);
  const submission = readSubmission(target, patched, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission, strictPatch);
  assertSameName(target, object);
  const dryRun = readDryRun(request);
  const stored = await deps.store.replace(object, { dryRun });
  addWarnings(reply, warnings);
  return inVersion(stored, target);
}

interface DeleteBody {
  readonly preconditions?: { readonly uid?: unknown; readonly resourceVersion?: unknown };
}

async function deleteObject(request: FastifyRequest, { store }: HttpServerDeps): Promise<unknown> {
  const target = readObjectTarget(request);
  const { preconditions = {} } = (request.body ?? {}) as DeleteBody;
  const { uid, resourceVersion } = preconditions;
  const removed = await tellStoreErrors(
    subjectOf(target, target.name),
    store.delete(keyOfTarget(target), {
      dryRun: readDryRun(request),
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    }),
  );
  const { plural: kind, group } = target.definition;
  return success({ name: target.name, group, kind, uid: removed.metadata.uid ?? '' });
}

async function deleteObjects(request: FastifyRequest, { store }: HttpServerDeps): Promise<unknown> {
  const { definition, namespace = '' } = readTarget(request);
  const { group, kind, plural } = definition;
  const selects = parseSelector(
    readQuery(request, 'labelSelector'),
    readQuery(request, 'fieldSelector'),
  );
  const dryRun = readDryRun(request);
  for (const { metadata } of store.list({ group, kind, namespace }).items) {
    if (!selects(metadata)) continue;
    await store.delete({ group, kind, namespace, name: metadata.name }, { dryRun });
  }
  return success({ group, kind: plural });
}

function success(details: object): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
