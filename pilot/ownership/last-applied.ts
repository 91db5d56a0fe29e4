import type { Conflict } from './apply.ts';
import { isEmpty, subtract } from './field-set.ts';
import { fieldsOf, isFields, type Fields, type MergeSchema } from './field-walk.ts';

/** Where client-side `kubectl apply` notes what it applied. */
export const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration';

/** kubectl's own name when it applies on the server side without --field-manager. */
export const kubectlName = 'kubectl';

/**
 * Whether all conflicts are about fields that kubectl itself applied from the client side: the switch to
 * server-side apply is none (k8s.io/apimachinery managedfields/internal lastappliedmanager).
 */
export function areFromClientSideApply(
  conflicts: readonly Conflict[],
  annotation: string | undefined,
  schema: MergeSchema,
): boolean {
  const applied = parseFields(annotation);
  if (applied === undefined) return false;
  const own = fieldsOf(applied, schema);
  return conflicts.every(({ fields }) => isEmpty(subtract(fields, own)));
}

function parseFields(text = ''): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The annotation after kubectl applied `body` from the server side, as its client side writes it. */
export function lastAppliedOf(body: Fields): string {
  const { metadata, ...rest } = body;
  const { annotations, ...given } = isFields(metadata) ? metadata : {};
  const kept = {
    ...without(given, 'managedFields'),
    annotations: without(isFields(annotations) ? annotations : {}, lastAppliedKey),
  };
  return `${JSON.stringify(sortKeys({ ...rest, metadata: kept }))}\n`;
}

/** In the order in which Go writes the keys of maps. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isFields(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sortKeys(value[key])]));
}

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
}
