import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';

/**
 * What is wrong with one field. The codes and the beginnings of the messages are those of Kubernetes
 * (apimachinery field errors), because that is what people who use kubectl know how to read.
 */
export const fieldCodes = {
  invalid: 'E_FIELD_INVALID',
  required: 'E_FIELD_REQUIRED',
  unsupported: 'E_FIELD_UNSUPPORTED',
  duplicate: 'E_FIELD_DUPLICATE',
  forbidden: 'E_FIELD_FORBIDDEN',
  size: 'E_FIELD_TOO_LONG',
  unknown: 'E_FIELD_UNKNOWN',
  kind: 'E_KIND_UNKNOWN',
  dormant: 'W_NOT_IN_FORCE',
  /** One of the codes of the analysis (pilot/analysis/codes.ts). */
  deprecated: 'CM0601',
} as const;

export interface FieldError extends Omit<Problem, 'resource'> {
  readonly path: string;
}

type Code = (typeof fieldCodes)[keyof typeof fieldCodes];

function fieldError(code: Code, path: string, message: string): FieldError {
  return { code, severity: 'error', path, message };
}

/** The value is not allowed; `detail` says what is. */
export function invalid(path: string, value: unknown, detail: string): FieldError {
  return fieldError(fieldCodes.invalid, path, `Invalid value: ${show(value)}: ${detail}`);
}

/** The field is missing; `detail` says what to write. */
export function required(path: string, detail: string): FieldError {
  return fieldError(fieldCodes.required, path, `Required value: ${detail}`);
}

export function unsupported(path: string, value: unknown, choices: readonly string[]): FieldError {
  const listed = choices.map((choice) => `"${choice}"`).join(', ');
  return fieldError(
    fieldCodes.unsupported,
    path,
    `Unsupported value: ${show(value)}: supported values: ${listed}`,
  );
}

export function duplicate(path: string, value: unknown): FieldError {
  return fieldError(
    fieldCodes.duplicate,
    path,
    `Duplicate value: ${show(value)}: give each one only once`,
  );
}

/** The field may not be set here; `detail` says why and what to do. */
export function forbidden(path: string, detail: string): FieldError {
  return fieldError(fieldCodes.forbidden, path, `Forbidden: ${detail}`);
}

/** The value is too large; `detail` says how large it may be, and is. */
export function oversized(path: string, detail: string): FieldError {
  return fieldError(fieldCodes.size, path, `Too long: ${detail}`);
}

/** A warning: the field or value works, and will go; `detail` says what to use instead. */
export function deprecated(path: string, value: unknown, detail: string): FieldError {
  const message = `Invalid value: ${show(value)}: is deprecated; ${detail}`;
  return { code: fieldCodes.deprecated, severity: 'warning', path, message };
}

/** The field does not exist; `siblings` are those that do, one of which may be meant. */
export function unknownField(path: string, siblings: readonly string[] = []): FieldError {
  const nearest = findNearest(path.replace(/^.*\./, ''), siblings);
  const advice = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
  return fieldError(fieldCodes.unknown, path, `unknown field "${path}"${advice}`);
}

/** The object is of a kind that pilot does not serve; `advice` says what may be meant, or is ''. */
export function unknownKind(apiVersion: string, kind: string, advice: string): FieldError {
  const more = advice === '' ? '' : ` (${advice})`;
  const given = show(`${apiVersion} ${kind}`);
  return fieldError(
    fieldCodes.kind,
    'kind',
    `Invalid value: ${given}: is not a kind of the mesh${more}`,
  );
}

/** A warning: the field is stored, and does nothing yet. `note` says for which values that is so. */
export function notInForce(path: string, note: string | undefined, others: number): FieldError {
  const more = others === 0 ? '' : ` (and at ${others} more ${others === 1 ? 'place' : 'places'})`;
  const values = note === undefined ? '' : ` (${note.replaceAll('`', '"')})`;
  const message = `is stored, but not yet in force${values}${more}`;
  return { code: fieldCodes.dormant, severity: 'warning', path, message };
}

/** The same for a whole kind. */
export function kindNotInForce(kind: string): FieldError {
  const message = `${kind} is stored, but not yet in force: proxies get nothing of it`;
  return { code: fieldCodes.dormant, severity: 'warning', path: 'kind', message };
}

/** The same finding as a warning: the object is accepted. */
export function asWarning(error: FieldError): FieldError {
  return { ...error, severity: 'warning' };
}

function show(value: unknown): string {
  const shown = JSON.stringify(value) as string | undefined;
  if (shown === undefined) return String(value);
  return shown.length > 120 ? `${shown.slice(0, 117)}...` : shown;
}
