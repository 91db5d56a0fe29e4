import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UnknownFields } from '../api/decode.ts';
import { showKey } from '../api/kinds.ts';
import { bodyOf, type ConfigObject } from '../api/resource.ts';
import type { Writer } from '../ownership/managers.ts';
import { StoreError } from '../store/store.ts';
import { withoutDeletion } from '../store/terminating.ts';
import { warningsOf } from './analysis-warnings.ts';
import { badRequest, conflict, invalidObject, type Subject } from './api-error.ts';
import type { HttpServerDeps } from './deps.ts';
import { warnOfNewNamespace } from './namespace-warning.ts';
import { ownUpdate } from './object-owners.ts';
import {
  keyOfTarget,
  readDryRun,
  readFieldValidation,
  readObjectTarget,
  subjectOf,
  type ObjectTarget,
} from './object-request.ts';
import {
  addWarnings,
  decodeSubmission,
  managedFieldsOf,
  readSubmission,
  showText,
  tellStoreErrors,
  withoutStatus,
  type Accepted,
} from './object-write.ts';
import { presentTrial } from './present.ts';
import { readWriter } from './writer.ts';

/** How often a write is worked out again when somebody else wrote in between. */
const attempts = 5;

/** A write to one object that exists, or may exist. */
export interface Writing {
  readonly deps: HttpServerDeps;
  readonly target: ObjectTarget;
  readonly subject: Subject;
  readonly writer: Writer;
  readonly unknownFields: UnknownFields;
  readonly dryRun: boolean;
}

/** Throws ApiError 400 or 422 for options that are wrong. */
export function readWriting(
  request: FastifyRequest,
  deps: HttpServerDeps,
  operation: Writer['operation'] = 'Update',
): Writing {
  const target = readObjectTarget(request);
  return {
    deps,
    target,
    subject: subjectOf(target, target.name),
    writer: readWriter(request, target, operation, deps.clock),
    unknownFields: readFieldValidation(request),
    dryRun: readDryRun(request),
  };
}

/** What a write makes of the object as it is stored now. */
export type Plan = (before: ConfigObject | undefined) => Accepted;

/**
 * Reads, works out and writes until nobody wrote in between; the store only takes what was worked out from the
 * state it has. Returns the stored object and whether it is new.
 */
export async function storePlanned(
  { deps, target, subject, dryRun }: Writing,
  reply: FastifyReply,
  plan: Plan,
): Promise<ConfigObject> {
  for (let attempt = 1; ; attempt += 1) {
    const before = deps.store.get(keyOfTarget(target));
    const { object, warnings } = plan(before);
    const concerns = warningsOf(deps, { kind: 'put', object });
    const strange = before === undefined ? warnOfNewNamespace(deps.store, target.namespace) : [];
    try {
      const stored = await (before === undefined
        ? deps.store.create(object, { dryRun })
        : deps.store.replace(basedOn(before, object), { dryRun }));
      addWarnings(reply, [...warnings, ...strange, ...concerns]);
      if (before === undefined) void reply.code(201);
      return stored;
    } catch (error) {
      if (!isRace(error) || attempt === attempts) {
        return tellStoreErrors(subject, Promise.reject(error as Error));
      }
    }
  }
}

/** The answer to a write. */
export function presentWritten(
  { deps, target, dryRun }: Writing,
  object: ConfigObject,
): ConfigObject {
  return presentTrial(deps, object, target, dryRun ? deps.store.get(keyOfTarget(target)) : object);
}

/** What only the server decides is that of the stored object; its version makes the store compare. */
function basedOn({ metadata }: ConfigObject, object: ConfigObject): ConfigObject {
  const { uid, resourceVersion, deletionTimestamp } = metadata;
  const { metadata: given, ...content } = withoutDeletion(object);
  return {
    ...content,
    metadata: {
      ...given,
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  };
}

function isRace(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  return ['E_CONFLICT', 'E_EXISTS', 'E_NOT_FOUND'].includes(error.code);
}

/** The object that takes the place of `before`, out of a whole body. `refuse` is for unknown fields. */
export function acceptUpdate(
  { target, subject, writer, unknownFields }: Writing,
  before: ConfigObject,
  body: unknown,
  refuse?: Parameters<typeof decodeSubmission>[1],
): Accepted {
  const submission = readSubmission(target, body, unknownFields);
  const { object, warnings } = decodeSubmission(submission, refuse);
  assertSameName(target, object.metadata);
  assertCurrent(subject, before, object.metadata);
  assertAllowed({ target, subject }, before, object);
  const given = managedFieldsOf(body);
  const after = withStatusOf(before, object);
  return { object: ownUpdate({ before, after, given, writer, target }), warnings };
}

/** Throws ApiError 400. */
export function assertSameName(target: ObjectTarget, { name }: { readonly name?: unknown }): void {
  if (name === target.name) return;
  throw badRequest(
    `the name of the object (${showText(name)}) does not match the name on the URL (${target.name})`,
  );
}

/** Throws ApiError 409 when the client worked from another state, or another object of the same name. */
export function assertCurrent(
  subject: Subject,
  { metadata }: ConfigObject,
  given: { readonly uid?: string; readonly resourceVersion?: string },
): void {
  const { uid = '', resourceVersion = '' } = given;
  if (uid !== '' && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid ?? ''}`;
    throw conflict(subject, why);
  }
  if (resourceVersion !== '' && resourceVersion !== metadata.resourceVersion) {
    throw conflict(
      subject,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
  }
}

/** Throws ApiError 422 for a change that the kind does not allow. */
export function assertAllowed(
  { target, subject }: Pick<Writing, 'target' | 'subject'>,
  before: ConfigObject,
  after: ConfigObject,
): void {
  const { validateUpdate, isFlat } = target.definition;
  if (validateUpdate === undefined) return;
  const [was, is] = [before, after].map((object) =>
    isFlat === true ? bodyOf(object) : object.spec,
  );
  const errors = [...validateUpdate(was, is)];
  const resource = showKey(keyOfTarget(target));
  if (errors.length > 0) {
    throw invalidObject(
      subject,
      errors.map((error) => ({ ...error, resource })),
    );
  }
}

/** The status is the server's: writes to the object leave it alone (as with a status subresource). */
export function withStatusOf(before: ConfigObject, object: ConfigObject): ConfigObject {
  const rest = withoutStatus(object);
  return before.status === undefined ? rest : { ...rest, status: before.status };
}
