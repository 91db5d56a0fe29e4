/**
 * Configuration objects: the wire form that the HTTP API and the stores handle, and the decoded form that
 * the model reads. Wire objects follow the Kubernetes API conventions.
 */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  /** Decimal; grows with every write to the store. */
  readonly resourceVersion?: string;
  /** Grows with every change of spec. */
  readonly generation?: number;
  /** RFC 3339, seconds. */
  readonly creationTimestamp?: string;
  readonly managedFields?: Json;
}

/** An object as it is stored and served. */
export interface ConfigObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: Json;
  readonly status?: Json;
}

/** What identifies an object whatever API version it was written in. */
export interface ObjectKey {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}
