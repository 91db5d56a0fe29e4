import type { Problem } from '../../kit/problem.ts';
import { fieldCodes } from '../api/field-error.ts';

/** What the API answers instead of an object: Kubernetes' Status. */
export interface StatusBody {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  /** When to try again. */
  readonly retryAfterSeconds?: number;
}

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** What an object is called in answers: plural and group for most, the kind for validation. */
export interface Subject {
  readonly plural: string;
  readonly kind: string;
  readonly group: string;
  readonly name: string;
  /** Missing for what is in none. */
  readonly namespace?: string;
}

/** An answer other than success; `reason` is what client libraries decide by. */
export class ApiError extends Error {
  readonly statusCode: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** What the metadata of the Status carry: a continue token. */
  readonly metadata: object;

  constructor(
    statusCode: number,
    reason: string,
    message: string,
    ...[details, metadata = {}]: readonly [details?: StatusDetails, metadata?: object]
  ) {
    super(message);
    this.name = 'ApiError';
    this.statusCode = statusCode;
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }
}

export function statusBody(error: ApiError): StatusBody {
  const { message, reason, statusCode, details, metadata } = error;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    reason,
    ...(details === undefined ? {} : { details }),
    code: statusCode,
  };
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function notFound(subject: Subject): ApiError {
  const { plural: kind, group, name } = subject;
  return new ApiError(404, 'NotFound', `${resourceName(subject)} "${name}" not found`, {
    name,
    group,
    kind,
  });
}

export function noSuchPath(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function methodNotAllowed(): ApiError {
  const message = 'the server does not allow this method on the requested resource';
  return new ApiError(405, 'MethodNotAllowed', message, {});
}

/** `remark` says more, as Kubernetes does of what is being deleted. */
export function alreadyExists(subject: Subject, remark = ''): ApiError {
  const { plural: kind, group, name } = subject;
  const message = `${remark}${resourceName(subject)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, { name, group, kind });
}

/** The words of Kubernetes' admission (plugin NamespaceLifecycle); client libraries look for the cause. */
export function terminating(subject: Subject): ApiError {
  const { plural: kind, group, name, namespace = '' } = subject;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new ApiError(403, 'Forbidden', `${resourceName(subject)} "${name}" is forbidden: ${why}`, {
    name,
    group,
    kind,
    causes: [cause],
  });
}

export function conflict(subject: Subject, why: string): ApiError {
  const { plural: kind, group, name } = subject;
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resourceName(subject)} "${name}": ${why}`,
    { name, group, kind },
  );
}

/** The answer to an object with unknown fields, in the words that kubectl users know. */
export function strictDecoding(
  subject: Subject,
  version: string,
  problems: readonly Problem[],
): ApiError {
  const fields = problems.map(({ message }) => message).join(', ');
  return badRequest(
    `${subject.kind} in version "${version}" cannot be handled as a ${subject.kind}: strict decoding error: ${fields}`,
  );
}

/** The same for a patch: 422, because kubectl prints the whole patch before every other answer. */
export function strictPatch(
  subject: Subject,
  _version: string,
  problems: readonly Problem[],
): ApiError {
  const strict = problems.map((problem) => ({
    ...problem,
    message: `strict decoding error: ${problem.message}`,
  }));
  return invalidObject(subject, strict);
}

const causeReasons: Readonly<Record<string, string>> = {
  [fieldCodes.required]: 'FieldValueRequired',
  [fieldCodes.unsupported]: 'FieldValueNotSupported',
  [fieldCodes.duplicate]: 'FieldValueDuplicate',
  [fieldCodes.forbidden]: 'FieldValueForbidden',
  [fieldCodes.size]: 'FieldValueTooLong',
};

/** The answer to an object that breaks rules: 422, which kubectl prints cleanly even on an update. */
export function invalidObject(subject: Subject, problems: readonly Problem[]): ApiError {
  const { group, kind, name } = subject;
  const causes = problems.map(({ code, message, path = '' }) => ({
    reason: causeReasons[code] ?? 'FieldValueInvalid',
    message,
    field: path,
  }));
  const listed = causes.map(({ field, message }) => `${field}: ${message}`);
  const what = listed.length === 1 ? (listed[0] ?? '') : `[${listed.join(', ')}]`;
  return new ApiError(
    422,
    'Invalid',
    `${group === '' ? kind : `${kind}.${group}`} "${name}" is invalid: ${what}`,
    {
      name,
      group,
      kind,
      causes,
    },
  );
}

function resourceName({ plural, group }: Subject): string {
  return group === '' ? plural : `${plural}.${group}`;
}
