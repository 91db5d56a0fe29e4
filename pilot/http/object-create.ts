import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConfigObject } from '../api/resource.ts';
import type { HttpServerDeps } from './deps.ts';
import { ownNew } from './object-owners.ts';
import {
  inVersion,
  readDryRun,
  readFieldValidation,
  readTarget,
  subjectOf,
} from './object-request.ts';
import {
  addWarnings,
  decodeSubmission,
  readSubmission,
  tellStoreErrors,
  withoutStatus,
} from './object-write.ts';
import { readWriter } from './writer.ts';

/** POST to a collection. */
export async function createObject(
  request: FastifyRequest,
  reply: FastifyReply,
  { store, clock }: HttpServerDeps,
): Promise<ConfigObject> {
  const target = readTarget(request);
  const writer = readWriter(request, target, 'Update', clock);
  const submission = readSubmission(target, request.body, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission);
  const subject = subjectOf(target, object.metadata.name);
  const owned = ownNew(asNew(object), writer, target);
  const dryRun = readDryRun(request);
  const stored = await tellStoreErrors(subject, store.create(owned, { dryRun }));
  addWarnings(reply, warnings);
  void reply.code(201);
  return inVersion(stored, target);
}

/** What only the server decides is not taken from somebody who creates an object. */
function asNew(object: ConfigObject): ConfigObject {
  const { name, namespace, labels, annotations } = object.metadata;
  return {
    ...withoutStatus(object),
    metadata: {
      name,
      namespace,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}
