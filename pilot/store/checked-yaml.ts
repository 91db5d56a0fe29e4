import { findNearest } from '../../kit/nearest.ts';
import type { Problem } from '../../kit/problem.ts';
import { type FieldError, unknownField } from '../api/field-error.ts';
import { prune } from '../api/prune.ts';
import type { AnySchema } from '../api/schema.ts';
import { validateSchema } from '../api/validate-schema.ts';
import { parseYamlDocument } from './yaml-document.ts';
import type { Place } from './yaml-place.ts';

/** A YAML file of the mesh's own that is no Kubernetes object: what may stand in it, and what it must mean. */
export interface YamlGrammar {
  readonly schema: AnySchema;
  /** What is said of a file that is no map at all. */
  readonly empty: FieldError;
  /** Called when the structure is right. */
  readonly checkMeaning: (value: unknown) => readonly FieldError[];
}

export type CheckedYaml =
  | {
      readonly ok: true;
      readonly value: unknown;
      readonly placeOf: (path: string) => Place;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads the text of a file. `path` is what problems call the file; each has the line and column of the mistake.
 * All mistakes are reported at once: structure first, and what the words mean only when that is right.
 */
export function readCheckedYaml(path: string, source: string, grammar: YamlGrammar): CheckedYaml {
  const document = parseYamlDocument({ text: source, line: 1 }, { merge: true });
  if (!document.ok) {
    const { line, column } = document.place;
    const resource = `${path}:${line}:${column}`;
    const message =
      document.code === 'MULTIPLE_DOCS'
        ? 'a second document begins here; the file has one'
        : document.message;
    return { ok: false, problems: [{ code: 'E_YAML', severity: 'error', resource, message }] };
  }
  const { value, placeOf } = document;
  const errors = check(value, grammar);
  if (errors.length === 0) return { ok: true, value, placeOf };
  return { ok: false, problems: placeErrors(path, errors, placeOf) };
}

/** The problems of a file with the places they have in it. */
export function placeErrors(
  path: string,
  errors: readonly FieldError[],
  placeOf: (path: string) => Place,
): readonly Problem[] {
  return errors.map(withoutRoot).map((error) => {
    const { line, column } = placeOf(error.path);
    return { ...error, resource: `${path}:${line}:${column}` };
  });
}

function check(
  value: unknown,
  { schema, empty, checkMeaning }: YamlGrammar,
): readonly FieldError[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [empty];
  const { unknown } = prune(value, schema, '');
  const structure = [
    ...unknown.map(({ path }) => explainUnknown(path, schema)),
    ...validateSchema(value, schema, ''),
  ];
  return structure.length > 0 ? structure : checkMeaning(value);
}

/** Paths of a file begin with a key: `services.reviews`, not `.services[reviews]`. */
function withoutRoot(error: FieldError): FieldError {
  return { ...error, path: error.path.replace(/^\./, '').replace(/\[([a-z][\w-]*)\]/gi, '.$1') };
}

function explainUnknown(path: string, root: Schema): FieldError {
  const [, parent = '', key = ''] = /^(.*)\.([^.]+)$/.exec(path) ?? [];
  const keys = keysAt(root, parent);
  const nearest = findNearest(key, keys);
  const advice =
    nearest === undefined ? `the keys here are ${keys.join(', ')}` : `did you mean "${nearest}"?`;
  return { ...unknownField(path), message: `unknown key "${key}": ${advice}` };
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

/** The keys that may stand at a path. */
function keysAt(root: Schema, parent: string): readonly string[] {
  const tokens = [...parent.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(
    ([token, inner]) => inner ?? token,
  );
  let schema: Schema | undefined = root;
  for (const token of tokens) {
    schema = schema?.properties?.[token] ?? schema?.additionalProperties ?? schema?.items;
  }
  return Object.keys(schema?.properties ?? {});
}

/** The schema for editors and other tools: unknown keys are mistakes, and not left to the reader. */
export function publishSchema(title: string, schema: AnySchema): object {
  return { $schema: 'http://json-schema.org/draft-07/schema#', title, ...close(schema) };
}

function close(schema: Schema): object {
  const { properties, additionalProperties, items } = schema;
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, value]) => [name, close(value)]),
          ),
          additionalProperties: false,
        }),
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: close(additionalProperties) }),
    ...(items === undefined ? {} : { items: close(items) }),
  };
}
