import type { ConfigObject } from '../api/resource.ts';
import { withoutDeletion } from './terminating.ts';
import { sortObjects } from './transfer.ts';
import { writeDocument } from './yaml-edit.ts';

/** kubectl's copy of what was applied: it repeats the object, and kubectl writes it anew. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export interface ExportOptions {
  /** Whether uid and time of creation stand in the documents too, for a store that takes the place of this one. */
  readonly withIdentity: boolean;
}

/**
 * A YAML stream of the objects, for git: the same objects give the same text, whatever store they come from. What
 * the store adds to them is left out.
 */
export function exportYaml(
  objects: readonly ConfigObject[],
  { withIdentity }: ExportOptions,
): string {
  return sortObjects(objects)
    .map((object) => writeDocument(withIdentity ? withoutDeletion(object) : withoutTraces(object)))
    .join('---\n');
}

function withoutTraces({ metadata, ...object }: ConfigObject): ConfigObject {
  const { name, namespace, labels } = metadata;
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([key]) => key !== lastApplied,
  );
  return {
    ...object,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels: sortKeys(labels) }),
      ...(annotations.length === 0
        ? {}
        : { annotations: sortKeys(Object.fromEntries(annotations)) }),
    },
  };
}

function sortKeys(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}
