import {
  Type,
  type Static,
  type TObject,
  type TOptional,
  type TProperties,
  type TSchema,
} from 'typebox';

/**
 * The vocabulary that the kinds write their schemas in. What it builds is plain JSON Schema in the subset
 * that Kubernetes calls structural, so that one schema gives the TypeScript type, the validation and the
 * text of `kubectl explain`.
 */

/** The type that a schema describes, with nothing in it writable. */
export type Decoded<S extends TSchema> = DeepReadonly<Static<S>>;

export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

type Message<P extends TProperties, R extends keyof P> = TObject<{
  [Key in keyof P]: Key extends R ? P[Key] : TOptional<P[Key]>;
}>;

/** Any schema of this vocabulary. */
export type AnySchema = TSchema;

type Unsafe<T> = ReturnType<typeof Type.Unsafe<T>>;

/** An object with known fields, of which `required` must be present. */
export function message<P extends TProperties, R extends keyof P & string = never>(
  description: string,
  properties: P,
  required: readonly R[] = [],
): Message<P, R> {
  const names: readonly string[] = required;
  const fields = Object.entries(properties).map(([name, schema]) => [
    name,
    names.includes(name) ? schema : Type.Optional(schema),
  ]);
  return Type.Object(Object.fromEntries(fields) as TProperties, {
    description,
  }) as unknown as Message<P, R>;
}

/** The same schema under another description: a message that is used for several fields. */
export function describe<S extends TSchema>(description: string, schema: S): S {
  return { ...schema, description };
}

/** An object whose keys are the user's own. */
export function mapOf<S extends TSchema>(
  description: string,
  values: S,
): Unsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({
    type: 'object',
    description,
    additionalProperties: values,
  });
}

export function list<S extends TSchema>(
  description: string,
  items: S,
  limits: { readonly minItems?: number; readonly maxItems?: number } = {},
): ReturnType<typeof Type.Array<S>> {
  return Type.Array(items, { description, ...limits });
}

/**
 * A list whose items are told apart by the field `key`: in server-side apply everybody owns their own items
 * (Kubernetes' x-kubernetes-list-type: map). Every other list is owned as a whole.
 */
export function keyedList<S extends TSchema>(
  description: string,
  key: string,
  items: S,
  limits: { readonly maxItems?: number } = {},
): ReturnType<typeof Type.Array<S>> {
  const extensions = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] };
  return Type.Array(items, { description, ...extensions, ...limits });
}

export interface TextLimits {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

export function text(description: string, limits: TextLimits = {}): ReturnType<typeof Type.String> {
  return Type.String({ description, ...limits });
}

export function flag(description: string): ReturnType<typeof Type.Boolean> {
  return Type.Boolean({ description });
}

export function texts(
  description: string,
  limits: TextLimits = {},
): ReturnType<typeof list<ReturnType<typeof Type.String>>> {
  return list(description, Type.String({ ...limits }));
}

export function textMap(
  description: string,
  limits: TextLimits = {},
): Unsafe<Record<string, string>> {
  return mapOf(description, Type.String({ ...limits }));
}

/** An object whose fields no schema describes: kept as it is (Kubernetes' x-kubernetes-preserve-unknown-fields). */
export function anyFields(description: string): Unsafe<Record<string, unknown>> {
  return Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    description,
    'x-kubernetes-preserve-unknown-fields': true,
  });
}

/** One of a fixed set of strings. */
export function choice<const Choices extends readonly string[]>(
  description: string,
  choices: Choices,
): Unsafe<Choices[number]> {
  return Type.Unsafe<Choices[number]>({ type: 'string', description, enum: [...choices] });
}

/** A whole number from 0 to the largest unsigned 32-bit integer. */
export function uint32(description: string): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum: 0, maximum: 4294967295 });
}

export function int32(description: string, minimum = -2147483648): ReturnType<typeof Type.Integer> {
  return Type.Integer({ description, minimum, maximum: 2147483647 });
}

export function decimal(
  description: string,
  limits: { readonly minimum?: number; readonly maximum?: number } = {},
): ReturnType<typeof Type.Number> {
  return Type.Number({ description, ...limits });
}

/** The end of the description of every duration. */
export const durationForm = 'A duration such as 1.5s, 200ms or 1h.';

/** A duration in Go's syntax, such as 1.5s or 200ms; its grammar is checked with the rest of the meaning. */
export function duration(description: string): ReturnType<typeof Type.String> {
  return Type.String({ description: `${description} ${durationForm}` });
}
