import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import type { Problem } from '../../kit/problem.ts';
import type { Watched } from '../../kit/watched.ts';
import type { ConfigObject, ObjectKey, ResourceSet } from '../api/resource.ts';

/**
 * Where configuration lives. Reading is from memory; it throws StoreError `E_UNAVAILABLE` only before the store was
 * reached for the first time. The HTTP API reads and writes it, the pipeline watches `resources`.
 */
export interface ConfigStore extends Closer {
  readonly list: (filter?: ObjectFilter) => ObjectList;
  readonly get: (key: ObjectKey) => ConfigObject | undefined;
  /**
   * Stores a decoded object. Throws StoreError `E_EXISTS` or `E_TERMINATING`; as every write, also `E_TOO_LARGE`, `E_READ_ONLY` and
   * `E_UNAVAILABLE`.
   */
  readonly create: (object: ConfigObject, options?: WriteOptions) => Promise<ConfigObject>;
  /**
   * Replaces a stored object; writing what is already there changes nothing, its version included. Throws
   * StoreError `E_NOT_FOUND`, or `E_CONFLICT` when the object carries another version than the stored one.
   */
  readonly replace: (object: ConfigObject, options?: WriteOptions) => Promise<ConfigObject>;
  /** Removes an object and returns its last state. Throws StoreError `E_NOT_FOUND` or `E_CONFLICT`. */
  readonly delete: (key: ObjectKey, options?: DeleteOptions) => Promise<ConfigObject>;
  /**
   * Calls `listener` with every change after `from` (a version that a list or an object carried), in order,
   * those that already happened first. Throws StoreError `E_EXPIRED` when `from` is older than the log.
   */
  readonly watch: (from: string, listener: (event: StoreEvent) => void) => () => void;
  /** What is in force. */
  readonly resources: Watched<ResourceSet>;
  /** What is wrong with stored configuration that nobody was told of when it was written. */
  readonly problems: Watched<readonly Problem[]>;
}

export interface ObjectFilter {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
}

export interface ObjectList {
  /** Sorted by kind, namespace and name. */
  readonly items: readonly ConfigObject[];
  /** The version of the store that the list shows. */
  readonly version: string;
}

export interface WriteOptions {
  /** Answers as if it had been written, and writes nothing. */
  readonly dryRun?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  /** Deletes only this incarnation and version. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** The new state; of a deleted object the last one, with the version of the deletion. */
  readonly object: ConfigObject;
  /** The state before; absent for an added object. */
  readonly previous?: ConfigObject;
}

export type StoreErrorCode =
  | 'E_EXISTS'
  | 'E_NOT_FOUND'
  | 'E_CONFLICT'
  | 'E_EXPIRED'
  | 'E_FILE_BROKEN'
  /** The namespace of a new object is being deleted. */
  | 'E_TERMINATING'
  /** The object does not fit into the store. */
  | 'E_TOO_LARGE'
  /** Nobody may write, or this pilot may not. */
  | 'E_READ_ONLY'
  /** The store does not answer now; what is in force stays. */
  | 'E_UNAVAILABLE'
  | 'E_CLOSED';

/** An operation on the store that could not be done; `code` says why. */
export class StoreError extends OperationError {
  declare readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'StoreError';
  }
}
