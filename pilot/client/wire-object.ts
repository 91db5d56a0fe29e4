import { isDeepStrictEqual } from 'node:util';
import { OperationError } from '../../kit/errors.ts';
import { type Answer, messageOf } from './connection.ts';

/** An object as pilot sends it, of whatever kind. */
export interface WireObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: WireMetadata;
  readonly [field: string]: unknown;
}

export interface WireMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** What pilot says when it refuses: a Status of Kubernetes. */
export class RefusedError extends OperationError {
  readonly status: number;
  readonly causes: readonly RefusedField[];

  constructor({ status, body }: Answer) {
    super('E_REFUSED', messageOf(body) ?? `pilot answers ${status}`);
    this.status = status;
    const { details } = (body ?? {}) as { readonly details?: { readonly causes?: unknown } };
    this.causes = Array.isArray(details?.causes) ? (details.causes as readonly RefusedField[]) : [];
  }
}

/** One field that pilot refuses. */
export interface RefusedField {
  readonly field: string;
  readonly message: string;
}

/** The body of an answer that is a success. Throws RefusedError. */
export function accepted(answer: Answer): unknown {
  if (answer.status >= 400 || answer.body === undefined) throw new RefusedError(answer);
  return answer.body;
}

/** Whether two states of an object say the same, but for what pilot notes itself. */
export function saysSame(left: WireObject, right: WireObject): boolean {
  return isDeepStrictEqual(content(left), content(right));
}

function content(object: WireObject): unknown {
  const { labels = {}, annotations = {} } = object.metadata;
  return { ...without(object, ['metadata', 'status', 'apiVersion']), labels, annotations };
}

/** Without who owns which field: that is for tools, and longer than the object. */
export function withoutManagers(object: WireObject): WireObject {
  const metadata = without(object.metadata, ['managedFields']) as WireMetadata;
  return { ...object, metadata };
}

/** What a person would have written of an object: without what pilot notes itself. */
export function asWritten(object: WireObject): WireObject {
  const { name, namespace, labels, annotations } = object.metadata;
  const metadata: WireMetadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...(without(object, ['status']) as WireObject), metadata };
}

function without(object: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
