import type { TSchema } from 'typebox';
import { checkNoDryRun } from './dry-run.ts';
import type { FieldError } from './field-error.ts';
import type { ConfigObject, ConfigResource, ObjectMeta } from './resource.ts';
import type { Decoded } from './schema.ts';

/** A column of `kubectl get` besides the name. */
export interface PrinterColumn {
  readonly name: string;
  /** A count is the number of entries of what stands at the path. */
  readonly type: 'string' | 'date' | 'count';
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
  /** Of spec, or of the fields beside the metadata. */
  readonly schema: TSchema;
  /** Whether the fields stand beside the metadata instead of in spec. */
  readonly isFlat?: true;
  /** Whether its objects are in no namespace. */
  readonly isClusterScoped?: true;
  /** Whether values must not be shown in messages. */
  readonly isSecret?: true;
  /** The form that is stored of what is valid. */
  readonly normalize?: (body: unknown) => unknown;
  /** Labels that every object has without anybody writing them: they are shown and selected by, and not stored. */
  readonly givenLabels?: (name: string) => Readonly<Record<string, string>>;
  /** A stored object as it is shown, with what follows from what is stored. */
  readonly show?: (object: ConfigObject) => ConfigObject;
  /** Rules that a schema cannot say; only called with a spec that its schema accepts. */
  readonly validate: (spec: unknown, metadata: ObjectMeta) => Iterable<FieldError>;
  /** What may not change, given the body of the stored object and the new one. */
  readonly validateUpdate?: (before: unknown, after: unknown) => Iterable<FieldError>;
}

interface KindSource<S extends TSchema> extends Omit<
  KindDefinition,
  'schema' | 'validate' | 'validateUpdate' | 'normalize'
> {
  readonly schema: S;
  readonly validate: (spec: Decoded<S>, metadata: ObjectMeta) => Iterable<FieldError>;
  readonly validateUpdate?: (before: Decoded<S>, after: Decoded<S>) => Iterable<FieldError>;
  readonly normalize?: (body: Decoded<S>) => unknown;
}

/** Ties a kind's rules to the type of its schema. */
export function defineKind<S extends TSchema>(source: KindSource<S>): KindDefinition {
  const { validate, validateUpdate = () => [], normalize = (body): unknown => body } = source;
  return {
    ...source,
    *validate(spec, metadata): Iterable<FieldError> {
      yield* checkNoDryRun(source.kind, metadata);
      yield* validate(spec as Decoded<S>, metadata);
    },
    validateUpdate: (before, after) => validateUpdate(before as Decoded<S>, after as Decoded<S>),
    normalize: (body) => normalize(body as Decoded<S>),
  };
}

export const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: 'Time since the object was created.',
  path: 'metadata.creationTimestamp',
};

export const dataColumn: PrinterColumn = {
  name: 'Data',
  type: 'count',
  description: 'How many values it has.',
  path: 'data',
};

/** What the kinds of Kubernetes' core group have in common. */
export const core = {
  group: '',
  versions: ['v1'],
  categories: [],
  isFlat: true,
} as const;

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
