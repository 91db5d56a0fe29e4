import { isTerminating } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
import { StoreError } from './store.ts';

/**
 * Throws StoreError `E_TERMINATING` when the namespace of a new object is being deleted. It is asked where a write is
 * planned: an object that is let in is there before the deletion looks for what it has to take along.
 */
export function assertTakesNew(namespace: ConfigObject | undefined): void {
  if (namespace === undefined || !isTerminating(namespace)) return;
  throw new StoreError(
    'E_TERMINATING',
    `unable to create new content in namespace ${namespace.metadata.name} because it is being terminated`,
  );
}

/** The object for another store, where nobody would go on with its deletion; or as it is when that has failed. */
export function withoutDeletion(object: ConfigObject): ConfigObject {
  const { deletionTimestamp, ...metadata } = object.metadata;
  return deletionTimestamp === undefined ? object : { ...object, metadata };
}
