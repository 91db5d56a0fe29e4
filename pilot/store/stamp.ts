import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey, ObjectMeta } from '../api/resource.ts';
import { bodyOf } from '../api/resource.ts';

/** What the store writes into the metadata of an object. Pure but for its arguments. */
export interface Stamp {
  /** Missing for an object that is not written. */
  readonly version: string | undefined;
  /** For an object without a creation time (RFC 3339). */
  readonly created: string;
}

/**
 * The object to store after `previous`: with uid, versions and creation time. It is `previous` itself when
 * nothing but those differs, so that writing the same again changes nothing.
 */
export function stampObject(
  object: ConfigObject,
  previous: ConfigObject | undefined,
  stamp: Stamp,
): ConfigObject {
  if (previous === undefined) {
    const { creationTimestamp = stamp.created } = object.metadata;
    const { uid = uidOf(keyOf(object), creationTimestamp), generation = 1 } = object.metadata;
    return withMetadata(object, stamp, { uid, creationTimestamp, generation });
  }
  const owned = keepOwners(object, previous);
  if (sameContent(previous, owned)) return previous;
  const { uid, creationTimestamp, generation = 0 } = previous.metadata;
  return withMetadata(owned, stamp, {
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    generation: isDeepStrictEqual(bodyOf(previous), bodyOf(object)) ? generation : generation + 1,
  });
}

/** Who owns the fields stays, unless the object says otherwise; an empty list says that nobody does. */
function keepOwners(object: ConfigObject, previous: ConfigObject): ConfigObject {
  const { managedFields = previous.metadata.managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

function withMetadata(
  object: ConfigObject,
  stamp: Stamp,
  given: Pick<ObjectMeta, 'uid' | 'creationTimestamp' | 'generation'>,
): ConfigObject {
  const version = stamp.version === undefined ? {} : { resourceVersion: stamp.version };
  const metadata = { ...object.metadata, ...given, ...version };
  return { ...object, metadata };
}

/** Whether two states of an object say the same; the API version it was written in is only a label. */
export function sameContent(left: ConfigObject, right: ConfigObject): boolean {
  return isDeepStrictEqual(content(left), content(right));
}

function content(object: ConfigObject): unknown {
  const { labels = {}, annotations = {}, managedFields = [], deletionTimestamp } = object.metadata;
  return [labels, annotations, bodyOf(object), object.status, managedFields, deletionTimestamp];
}

/**
 * A UUID (version 8, RFC 9562) from the object's key and its creation, so that it need not be stored: every
 * pilot works out the same, and an object that is created anew gets another one. `created` is missing for an
 * object that somebody wrote by hand without a time; such an object has one identity for ever.
 */
export function uidOf(key: ObjectKey, created?: string): string {
  const hex = createHash('sha256')
    .update(formatKey(key))
    .update(created === undefined ? '' : `@${created}`)
    .digest('hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

/**
 * When an object is created (RFC 3339): now, but later than the object of the same name that went a moment ago
 * (`gone`, ms), whose identity it must not take over.
 */
export function creationTime(now: number, gone: number | undefined): string {
  return formatTimestamp(gone === undefined ? now : Math.max(now, gone + 1000));
}

/** RFC 3339 in seconds, as Kubernetes writes it. */
export function formatTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
