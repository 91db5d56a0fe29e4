import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ConfigObject } from '../api/resource.ts';
import { warningsOf } from './analysis-warnings.ts';
import type { HttpServerDeps } from './deps.ts';
import { ownNew } from './object-owners.ts';
import { readDryRun, readFieldValidation, readTarget, subjectOf } from './object-request.ts';
import {
  addWarnings,
  decodeSubmission,
  readSubmission,
  tellStoreErrors,
  withoutStatus,
} from './object-write.ts';
import { present } from './present.ts';
import { readWriter } from './writer.ts';

/** POST to a collection. */
export async function createObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const { store, clock } = deps;
  const target = readTarget(request);
  const writer = readWriter(request, target, 'Update', clock);
  const submission = readSubmission(target, request.body, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission);
  const subject = subjectOf(target, object.metadata.name);
  const owned = ownNew(asNew(object), writer, target);
  const dryRun = readDryRun(request);
  const concerns = warningsOf(deps, { kind: 'put', object: owned });
  const stored = await tellStoreErrors(subject, store.create(owned, { dryRun }));
  addWarnings(reply, [...warnings, ...concerns]);
  void reply.code(201);
  return present(deps, stored, target);
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
