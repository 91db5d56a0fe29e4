import type { KindDefinition } from '../api/kind.ts';
import type { ConfigObject } from '../api/resource.ts';
import { bodyOf } from '../api/resource.ts';
import type { Fields, MergeSchema } from './field-walk.ts';

const textMap: MergeSchema = { additionalProperties: {} };

const metadataSchema: MergeSchema = { properties: { labels: textMap, annotations: textMap } };

/** How the fields of a kind merge. */
export function mergeSchemaOf({ schema, isFlat }: KindDefinition): MergeSchema {
  const body = schema as MergeSchema;
  const fields = isFlat === true ? body.properties : { spec: body };
  return { properties: { ...fields, metadata: metadataSchema } };
}

/** What of an object can be owned: labels, annotations and the body; not its name, nor what the server gives. */
export function contentOf(object: ConfigObject): Fields {
  const { labels, annotations } = object.metadata;
  const metadata = {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), ...bodyOf(object) };
}
