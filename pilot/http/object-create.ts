import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTerminating, lastingNamespaces, namespaceKey } from '../api/namespace.ts';
import { type ConfigObject, writtenOf } from '../api/resource.ts';
import type { ConfigStore } from '../store/store.ts';
import { warningsOf } from './analysis-warnings.ts';
import { alreadyExists, type Subject } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { warnOfNewNamespace } from './namespace-warning.ts';
import { ownNew } from './object-owners.ts';
import {
  assertScope,
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
import { presentTrial } from './present.ts';
import { readWriter } from './writer.ts';

/** POST to a collection. */
export async function createObject(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: HttpServerDeps,
): Promise<ConfigObject> {
  const { store, clock } = deps;
  const target = readTarget(request);
  assertScope(target);
  const writer = readWriter(request, target, 'Update', clock);
  const submission = readSubmission(target, request.body, readFieldValidation(request));
  const { object, warnings } = decodeSubmission(submission);
  const subject = subjectOf(target, object.metadata.name);
  assertNewNamespace(subject, store);
  const owned = ownNew(asNew(object), writer, target);
  const dryRun = readDryRun(request);
  const concerns = warningsOf(deps, { kind: 'put', object: owned });
  const strange = warnOfNewNamespace(store, object.metadata.namespace);
  const stored = await tellStoreErrors(subject, store.create(owned, { dryRun }));
  addWarnings(reply, [...warnings, ...strange, ...concerns]);
  void reply.code(201);
  return presentTrial(deps, stored, target, dryRun ? undefined : stored);
}

/** Some are there whether they are stored or not; one that is being deleted is there until it has gone. */
function assertNewNamespace(subject: Subject, store: Pick<ConfigStore, 'get'>): void {
  const { kind, group, name } = subject;
  if (kind !== 'Namespace' || group !== '') return;
  if (lastingNamespaces.includes(name)) throw alreadyExists(subject);
  const present = store.get(namespaceKey(name));
  if (present === undefined || !isTerminating(present)) return;
  throw alreadyExists(subject, 'object is being deleted: ');
}

/** What only the server decides is not taken from somebody who creates an object. */
function asNew(object: ConfigObject): ConfigObject {
  return { ...withoutStatus(object), metadata: writtenOf(object.metadata) };
}
