import type { TSchema } from 'typebox';
import type { FieldError } from './field-error.ts';
import type { ConfigResource, ObjectMeta } from './resource.ts';
import type { Decoded } from './schema.ts';

/** A column of `kubectl get` besides the name. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'date';
  readonly description: string;
  /** Where the value stands in the object, such as `spec.hosts`. */
  readonly path: string;
}

/** All that the API needs to know of a kind: one value of this type per file of this folder. */
export interface KindDefinition {
  readonly kind: ConfigResource['kind'];
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly group: string;
  /** The first one is preferred. One spec is stored; the version is only a label on it. */
  readonly versions: readonly string[];
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly schema: TSchema;
  /** Rules that a schema cannot say; only called with a spec that its schema accepts. */
  readonly validate: (spec: unknown, metadata: ObjectMeta) => Iterable<FieldError>;
}

interface KindSource<S extends TSchema> extends Omit<KindDefinition, 'schema' | 'validate'> {
  readonly schema: S;
  readonly validate: (spec: Decoded<S>, metadata: ObjectMeta) => Iterable<FieldError>;
}

/** Ties a kind's rules to the type of its schema. */
export function defineKind<S extends TSchema>(source: KindSource<S>): KindDefinition {
  return { ...source, validate: (spec, metadata) => source.validate(spec as Decoded<S>, metadata) };
}

export const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  path: 'metadata.creationTimestamp',
};

/** What the networking kinds of Istio have in common. */
export const istioNetworking = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  categories: ['istio-io', 'networking-istio-io'],
} as const;

/** What the kinds of security.istio.io have in common. */
export const istioSecurity = {
  group: 'security.istio.io',
  versions: ['v1', 'v1beta1'],
  categories: ['istio-io', 'security-istio-io'],
} as const;
