import type { KindDefinition } from '../api/kind.ts';
import { statusSchema } from './openapi-status.ts';
import { hasStatus } from './reconciled.ts';

/**
 * OpenAPI documents, for two readers in kubectl: `explain` shows the schemas, and validation looks whether
 * the patch operation takes fieldValidation: then it leaves the checking to the server. kubectl parses the
 * document for every object it applies, so it holds no more than that.
 */
export interface OpenApiDocument {
  /** Path of the group version below /openapi/v3, such as apis/networking.istio.io/v1. */
  readonly path: string;
  readonly text: string;
}

/** One document for each group version of the kinds. */
export function buildOpenApi(kinds: readonly KindDefinition[]): readonly OpenApiDocument[] {
  const versions = new Map<string, KindDefinition[]>();
  for (const definition of kinds) {
    for (const version of definition.versions) {
      const { group } = definition;
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      versions.set(path, [...(versions.get(path) ?? []), definition]);
    }
  }
  return [...versions].map(([path, definitions]) => toDocument(path, kindParts(path, definitions)));
}

interface Parts {
  readonly paths: object;
  readonly schemas: object;
}

function toDocument(path: string, { paths, schemas }: Parts): OpenApiDocument {
  const text = JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'composemesh', version: 'v1' },
    paths,
    components: { schemas: { ...schemas, [metaName]: objectMeta } },
  });
  return { path, text };
}

function kindParts(path: string, definitions: readonly KindDefinition[]): Parts {
  const version = path.split('/').at(-1) ?? '';
  const operations = definitions.map((definition) => {
    const { group, kind, plural, isClusterScoped } = definition;
    const place = isClusterScoped === true ? plural : `namespaces/{namespace}/${plural}`;
    const url = `/${path}/${place}/{name}`;
    return [url, operationsOf({ group, version, kind })] as const;
  });
  const schemas = definitions.map((definition) => {
    const { group, kind } = definition;
    const family = group === '' ? 'io.k8s.api.core' : group.split('.').reverse().join('.');
    const name = `${family}.${version}.${kind}`;
    return [name, schemaOf(definition, { group, version, kind })] as const;
  });
  return { paths: Object.fromEntries(operations), schemas: Object.fromEntries(schemas) };
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const fieldValidation = { name: 'fieldValidation', in: 'query', schema: { type: 'string' } };

/** No strategic merge patch in the request body: kubectl apply then sends merge patches. */
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/apply-patch+yaml',
];

function operationsOf(gvk: GroupVersionKind): object {
  const extension = { 'x-kubernetes-group-version-kind': gvk };
  const responses = { '200': { description: 'OK' } };
  return {
    get: { responses, 'x-kubernetes-action': 'get', ...extension },
    patch: {
      parameters: [fieldValidation],
      requestBody: { content: Object.fromEntries(patchTypes.map((type) => [type, {}])) },
      responses,
      'x-kubernetes-action': 'patch',
      ...extension,
    },
  };
}

const metaName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

const typeMeta = {
  apiVersion: { type: 'string', description: 'Group and version of the schema.' },
  kind: { type: 'string', description: 'Kind of the object.' },
};

const metadata = {
  description: 'Name, namespace, labels and annotations.',
  allOf: [{ $ref: `#/components/schemas/${metaName}` }],
};

function schemaOf(definition: KindDefinition, gvk: GroupVersionKind): object {
  return {
    type: 'object',
    description: definition.description,
    properties: {
      ...typeMeta,
      metadata,
      ...bodyProperties(definition),
      ...(hasStatus(definition) && definition.isFlat !== true ? { status: statusSchema } : {}),
    },
    'x-kubernetes-group-version-kind': [gvk],
  };
}

function bodyProperties({ schema, isFlat }: KindDefinition): object {
  if (isFlat !== true) return { spec: schema };
  return (schema as { readonly properties?: object }).properties ?? {};
}

const textMap = (description: string): object => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string' },
});

const objectMeta = {
  type: 'object',
  description: 'What every object has.',
  properties: {
    name: { type: 'string', description: 'Name, unique in its namespace and kind.' },
    namespace: { type: 'string', description: 'Namespace of the object.' },
    labels: textMap('Labels for selecting.'),
    annotations: textMap('Notes of tools and people.'),
    uid: { type: 'string', description: 'Unique id, given by the server.' },
    resourceVersion: { type: 'string', description: 'Version in the store.' },
    generation: { type: 'integer', description: 'Grows with every change of spec.' },
    creationTimestamp: { type: 'string', description: 'When it was created.' },
    deletionTimestamp: {
      type: 'string',
      description: 'When the deletion of a namespace began; other objects go at once.',
    },
  },
};
