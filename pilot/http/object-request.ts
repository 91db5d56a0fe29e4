import type { FastifyRequest } from 'fastify';
import type { UnknownFields } from '../api/decode.ts';
import type { KindDefinition } from '../api/kind.ts';
import { findPlural, formatApiVersion } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey, ObjectMeta } from '../api/resource.ts';
import type { Subject } from './api-error.ts';
import { badRequest, noSuchPath } from './api-error.ts';
import { parseSelector, type Selector } from './selector.ts';
import type { IncludeObject } from './table.ts';

/** Where the kinds are served; the core group has a root of its own. */
export const apiRoots = ['/apis/:group/:version', '/api/v1'];

/** What a path such as /apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME speaks of. */
export interface Target {
  readonly definition: KindDefinition;
  readonly version: string;
  /** Missing in a request across all namespaces. */
  readonly namespace?: string;
}

/** A target with a name: one object. */
export interface ObjectTarget extends Target {
  /** '' for a kind that is in none. */
  readonly namespace: string;
  readonly name: string;
}

type Texts = Readonly<Record<string, string | undefined>>;

/** Throws ApiError 404 when nothing is served under the path. */
export function readTarget(request: FastifyRequest): Target {
  // Only the routes of namespaces have no plural in them.
  const { group = '', version = 'v1', plural = 'namespaces', namespace } = request.params as Texts;
  const definition = findPlural(group, version, plural);
  const isMisplaced = definition?.isClusterScoped === true && namespace !== undefined;
  if (definition === undefined || isMisplaced) throw noSuchPath();
  return { definition, version, ...(namespace === undefined ? {} : { namespace }) };
}

export function readObjectTarget(request: FastifyRequest): ObjectTarget {
  const { namespace = '', name = '' } = request.params as Texts;
  const target = readTarget(request);
  assertScope(target);
  return { ...target, namespace, name };
}

/** Only kinds that are in no namespace have objects outside of them. Throws ApiError 404. */
export function assertScope({ definition, namespace }: Target): void {
  if (definition.isClusterScoped !== true && namespace === undefined) throw noSuchPath();
}

export function keyOfTarget({ definition, namespace, name }: ObjectTarget): ObjectKey {
  return { group: definition.group, kind: definition.kind, namespace, name };
}

export function subjectOf(target: Target, name: string): Subject {
  const { plural, kind, group } = target.definition;
  const { namespace } = target;
  return { plural, kind, group, name, ...(namespace === undefined ? {} : { namespace }) };
}

/**
 * The stored object under the API version that was asked for: the spec is the same in all of them. Fields that
 * nobody owns are not mentioned.
 */
export function inVersion(object: ConfigObject, { definition, version }: Target): ConfigObject {
  const apiVersion = formatApiVersion(definition.group, version);
  const { managedFields, ...metadata } = object.metadata;
  const isOwned = Array.isArray(managedFields) && managedFields.length > 0;
  if (object.apiVersion === apiVersion && isOwned) return object;
  return { ...object, apiVersion, metadata: isOwned ? object.metadata : metadata };
}

/** labelSelector and fieldSelector of the query, for objects as they are stored. Throws ApiError 400. */
export function readSelector(request: FastifyRequest): Selector {
  const { definition } = readTarget(request);
  const [labels, fields] = ['labelSelector', 'fieldSelector'].map((name) =>
    readQuery(request, name),
  );
  const selects = parseSelector(labels ?? '', fields ?? '');
  if (definition.givenLabels === undefined) return selects;
  return (metadata) => selects(withGivenLabels(metadata, definition));
}

/** The metadata as they are shown: with the labels that nobody has to write. */
export function withGivenLabels(
  metadata: ObjectMeta,
  { givenLabels }: Pick<KindDefinition, 'givenLabels'>,
): ObjectMeta {
  if (givenLabels === undefined) return metadata;
  return { ...metadata, labels: { ...metadata.labels, ...givenLabels(metadata.name) } };
}

/** A query parameter; the last one when it is given several times, '' when it is missing. */
export function readQuery(request: FastifyRequest, name: string): string {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  const last: unknown = Array.isArray(value) ? value.at(-1) : value;
  return typeof last === 'string' ? last : '';
}

export function readFlag(request: FastifyRequest, name: string): boolean {
  return ['true', '1'].includes(readQuery(request, name));
}

/** `dryRun=All` in the query, or in the body of a DELETE. Throws ApiError 400 for other values. */
export function readDryRun(request: FastifyRequest): boolean {
  const given = readQuery(request, 'dryRun');
  if (given !== '' && given !== 'All') throw badRequest(`invalid dryRun ${given}: must be All`);
  const body = request.body as { readonly dryRun?: unknown } | null | undefined;
  const inBody = request.method === 'DELETE' && Array.isArray(body?.dryRun) ? body.dryRun : [];
  return given === 'All' || inBody.includes('All');
}

/** What to do about unknown fields; Kubernetes warns unless told otherwise. */
export function readFieldValidation(request: FastifyRequest): UnknownFields {
  const given = readQuery(request, 'fieldValidation');
  if (given === '' || given === 'Warn') return 'Warn';
  if (given === 'Strict' || given === 'Ignore') return given;
  throw badRequest(`invalid fieldValidation ${given}: must be Strict, Warn or Ignore`);
}

/** What the rows of a table carry besides their cells. */
export function readIncludeObject(request: FastifyRequest): IncludeObject {
  const given = readQuery(request, 'includeObject');
  if (given === '') return 'Metadata';
  if (given === 'None' || given === 'Metadata' || given === 'Object') return given;
  throw badRequest(`invalid includeObject ${given}: must be None, Metadata or Object`);
}
