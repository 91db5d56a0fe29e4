import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Problem } from '../../kit/problem.ts';
import type { UnknownFields } from '../api/decode.ts';
import { decodeObject } from '../api/decode.ts';
import { fieldCodes } from '../api/field-error.ts';
import { formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { StoreError } from '../store/store.ts';
import type { Subject } from './api-error.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalidObject,
  notFound,
  strictDecoding,
  terminating,
} from './api-error.ts';
import type { Target } from './object-request.ts';
import { subjectOf } from './object-request.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A body as it is to be decoded: of the kind and in the namespace that the path names. */
export interface Submission {
  readonly target: Target;
  readonly body: Fields;
  readonly unknownFields: UnknownFields;
}

/**
 * Checks that the body is what the path says (ApiError 400) and fills in what the path or the server gives:
 * the namespace, and a name for generateName.
 */
export function readSubmission(
  target: Target,
  body: unknown,
  unknownFields: UnknownFields,
): Submission {
  if (!isFields(body)) throw badRequest('the body must be an object with apiVersion and kind');
  const { definition, version, namespace } = target;
  const expected = {
    apiVersion: formatApiVersion(definition.group, version),
    kind: definition.kind,
  };
  // Clients with types of their own for the core group leave out what the path says.
  const given: Fields = definition.isFlat === true ? { ...expected, ...body } : body;
  if (given['apiVersion'] !== expected.apiVersion || given['kind'] !== expected.kind) {
    throw badRequest(
      `the body is ${showText(given['apiVersion'])} ${showText(given['kind'])}, the path is for ${expected.apiVersion} ${expected.kind}`,
    );
  }
  const metadata = isFields(body['metadata']) ? body['metadata'] : {};
  const inBody = metadata['namespace'];
  if (namespace !== undefined && ![undefined, '', namespace].includes(inBody as string)) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  const named = { ...metadata, namespace: namespace ?? inBody, name: nameOf(metadata) };
  return { target, unknownFields, body: { ...given, metadata: named } };
}

/** A value that should be a text, for a message: one that is none may not even be turned into one. */
export function showText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? 'undefined' : JSON.stringify(value).slice(0, longestShown);
}

/** Characters. */
const longestShown = 100;

/** metadata.managedFields of a body; undefined when it has none. */
export function managedFieldsOf(body: unknown): unknown {
  const metadata = isFields(body) ? body['metadata'] : undefined;
  return isFields(metadata) ? metadata['managedFields'] : undefined;
}

/** The object without its status, which is the server's to say. */
export function withoutStatus(object: ConfigObject): ConfigObject {
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name !== 'status'),
  ) as unknown as ConfigObject;
}

function nameOf(metadata: Fields): unknown {
  const { name, generateName } = metadata;
  if (name !== undefined || typeof generateName !== 'string') return name;
  return `${generateName}${randomBytes(3).toString('hex').slice(0, 5)}`;
}

/** An object that may be stored, and what to warn of. */
export interface Accepted {
  readonly object: ConfigObject;
  readonly warnings: readonly Problem[];
}

/**
 * Throws ApiError 422 for what is wrong with the object, and what `refuse` makes of unknown fields (for a
 * whole object that is 400).
 */
export function decodeSubmission(
  { target, body, unknownFields }: Submission,
  refuse: typeof strictDecoding = strictDecoding,
): Accepted {
  const result = decodeObject(body, unknownFields);
  if (result.ok) return { object: result.object, warnings: result.warnings };
  const { name } = body['metadata'] as { readonly name?: unknown };
  const subject = subjectOf(target, typeof name === 'string' ? name : '');
  const errors = result.problems.filter(({ severity }) => severity === 'error');
  const unknown = errors.filter(({ code }) => code === fieldCodes.unknown);
  if (unknown.length > 0) throw refuse(subject, target.version, unknown);
  throw invalidObject(subject, errors);
}

/** Kubernetes' warning headers, which kubectl prints; quotes and controls cannot stand in them. */
export function addWarnings(reply: FastifyReply, warnings: readonly Problem[]): void {
  const headers = warnings.map(({ code, path = '', message }) => {
    const text = code === fieldCodes.unknown ? message : `${path}: ${message}`;
    const safe = text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
    return `299 - "${safe}"`;
  });
  if (headers.length > 0) void reply.header('warning', headers);
}

/** Says in the API's words why the store refused. */
export async function tellStoreErrors<T>(subject: Subject, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.code === 'E_TERMINATING') throw terminating(subject);
    if (error.code === 'E_EXISTS') throw alreadyExists(subject);
    if (error.code === 'E_NOT_FOUND') throw notFound(subject);
    if (error.code === 'E_CONFLICT' || error.code === 'E_FILE_BROKEN') {
      throw conflict(subject, error.message);
    }
    throw error;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
