import type { ConfigObject, Json, ObjectMeta } from '../api/resource.ts';
import { trackUpdate } from '../ownership/apply.ts';
import { contentOf, mergeSchemaOf } from '../ownership/content.ts';
import type { Manager, Writer } from '../ownership/managers.ts';
import { readManagers, writeManagers } from '../ownership/managers.ts';
import type { Target } from './object-request.ts';

/** Who owns the fields of a stored object. */
export function managersOf(object: ConfigObject | undefined): readonly Manager[] {
  return tryRead(object?.metadata.managedFields) ?? [];
}

/** What cannot be read counts as if nobody had been written down (as in Kubernetes). */
function tryRead(value: unknown): readonly Manager[] | undefined {
  if (value === undefined) return undefined;
  try {
    return readManagers(value);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A new object is the writer's, all of it. */
export function ownNew(object: ConfigObject, writer: Writer, target: Target): ConfigObject {
  const managers = trackUpdate({
    before: {},
    after: contentOf(object),
    schema: mergeSchemaOf(target.definition),
    managers: [],
    writer,
  });
  return withManagers(object, managers);
}

export interface OwnedUpdate {
  readonly before: ConfigObject;
  readonly after: ConfigObject;
  /** metadata.managedFields as the client sent them: clients may correct them, or reset them by [] or [{}]. */
  readonly given: unknown;
  readonly writer: Writer;
  readonly target: Target;
}

/** The new state with who owns what. Of an object that nobody has been written down for, nobody is. */
export function ownUpdate({ before, after, given, writer, target }: OwnedUpdate): ConfigObject {
  const base = isReset(given) ? [] : readGiven(given, before);
  // Where there was nothing to own, it is known who owns what comes.
  const isUntold = base.length === 0 && Object.keys(contentOf(before)).length > 0;
  if (isReset(given) || isUntold) return withManagers(after, []);
  const managers = trackUpdate({
    before: contentOf(before),
    after: contentOf(after),
    schema: mergeSchemaOf(target.definition),
    managers: base,
    writer,
  });
  return withManagers(after, managers);
}

function isReset(given: unknown): boolean {
  if (!Array.isArray(given)) return false;
  return given.length === 0 || JSON.stringify(given) === '[{}]';
}

function readGiven(given: unknown, before: ConfigObject): readonly Manager[] {
  return tryRead(given) ?? managersOf(before);
}

/** An empty list takes away what the store has. */
export function withManagers(object: ConfigObject, managers: readonly Manager[]): ConfigObject {
  const managedFields: Json = writeManagers(managers);
  const metadata: ObjectMeta = { ...object.metadata, managedFields };
  return { ...object, metadata };
}
