import type { FieldError } from './field-error.ts';
import { invalid } from './field-error.ts';
import { isDnsLabel } from './field-rules.ts';
import { ageColumn, core, defineKind } from './kind.ts';
import type { NamespaceFields } from './namespace-schema.ts';
import { namespaceSchema } from './namespace-schema.ts';
import type { ConfigObject, ObjectKey, ObjectMeta } from './resource.ts';

/** The namespace of objects that name none. */
export const fallbackNamespace = 'default';

/** The namespace whose policies hold for the whole mesh, under Istio's name. */
export const rootNamespace = 'istio-system';

/** They exist whether somebody has made them or not, and cannot be deleted. */
export const lastingNamespaces: readonly string[] = [fallbackNamespace, rootNamespace];

/** As Kubernetes gives it to each namespace, so that selectors can name one; no note of somebody's. */
const nameLabel = 'kubernetes.io/metadata.name';

export const namespace = defineKind({
  ...core,
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  description: 'A scope for names. One that nobody has made exists as long as something is in it.',
  isClusterScoped: true,
  columns: [
    {
      name: 'Status',
      type: 'string',
      description: 'Active, or Terminating while what is in it is deleted.',
      path: 'status.phase',
    },
    ageColumn,
  ],
  schema: namespaceSchema,
  validate: checkNamespace,
  normalize: () => ({}),
  givenLabels: (name) => ({ [nameLabel]: name }),
  show: (object) => ({
    ...object,
    spec: {},
    status: { phase: isTerminating(object) ? 'Terminating' : 'Active' },
  }),
});

/** Whether it is being deleted, with what is in it. */
export function isTerminating({ metadata }: Pick<ConfigObject, 'metadata'>): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function* checkNamespace(_fields: NamespaceFields, { name }: ObjectMeta): Iterable<FieldError> {
  if (isDnsLabel(name)) return;
  yield invalid('metadata.name', name, 'must be lower-case letters, digits and -, at most 63');
}

export function namespaceKey(name: string): ObjectKey {
  return { group: '', kind: 'Namespace', namespace: '', name };
}

export function isNamespace({
  apiVersion,
  kind,
}: Pick<ConfigObject, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Namespace' && apiVersion === 'v1';
}
