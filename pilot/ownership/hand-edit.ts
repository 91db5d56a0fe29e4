import { findKind } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { trackUpdate } from './apply.ts';
import { contentOf, mergeSchemaOf } from './content.ts';
import { readManagers, writeManagers } from './managers.ts';

/** Owns what people write into files. */
const editorName = 'config-files';

/**
 * The object as somebody has just changed it in its file: what they changed is no longer the field of the one
 * who applied it. `time` is RFC 3339.
 */
export function ownHandEdit(before: ConfigObject, after: ConfigObject, time: string): ConfigObject {
  const { managedFields } = before.metadata;
  const definition = findKind(after.apiVersion, after.kind);
  const isOwned = Array.isArray(managedFields) && managedFields.length > 0;
  if (!isOwned || definition === undefined) return after;
  const managers = trackUpdate({
    before: contentOf(before),
    after: contentOf(after),
    schema: mergeSchemaOf(definition),
    managers: readManagers(managedFields),
    writer: { name: editorName, operation: 'Update', apiVersion: after.apiVersion, time },
  });
  return { ...after, metadata: { ...after.metadata, managedFields: writeManagers(managers) } };
}
