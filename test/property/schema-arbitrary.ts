import fc, { type Arbitrary } from 'fast-check';
import type { TSchema } from 'typebox';

/** The parts of JSON Schema that the kinds are written in (pilot/api/schema.ts). */
export interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape;
  readonly items?: Shape;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** What generates the values of a field in place of its schema; undefined leaves it to the schema. */
export type Override = (path: string, shape: Shape) => Arbitrary<unknown> | undefined;

/** What decides most is there more often than the rest; whole objects stay readable. */
const dense =
  /^(VirtualService|DestinationRule|ServiceEntry)$|[pP]olicy(\.\w+){0,2}$|http\[\](\.match\[\]|\.retries|\.redirect|\.rewrite|\.corsPolicy|\.fault.*)?$/;

/**
 * Values that a schema allows, of all of its fields to the last: a field that is added to a kind is generated from
 * then on. Paths are those of problems, with [] for every item of a list or a map.
 */
export function arbitraryOf(schema: TSchema, path: string, override: Override): Arbitrary<unknown> {
  return generate(schema, path, override);
}

function generate(shape: Shape, path: string, override: Override): Arbitrary<unknown> {
  const given = override(path, shape);
  if (given !== undefined) return given;
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
  return generateType(shape, path, override);
}

function generateType(shape: Shape, path: string, override: Override): Arbitrary<unknown> {
  switch (shape.type) {
    case 'object':
      return generateObject(shape, path, override);
    case 'array':
      return fc.array(generate(shape.items ?? {}, `${path}[]`, override), {
        minLength: shape.minItems ?? (/\.(http|ports|route)$/.test(path) ? 1 : 0),
        maxLength: 3,
      });
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return integersOf(shape);
    case 'number':
      return numbersOf(shape);
    case 'string':
    case undefined:
    default:
      return fc.string({ unit: 'grapheme', maxLength: 12 });
  }
}

function generateObject(shape: Shape, path: string, override: Override): Arbitrary<unknown> {
  if (shape['x-kubernetes-preserve-unknown-fields'] === true) {
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 3,
    });
  }
  if (shape.additionalProperties !== undefined) {
    const values = generate(shape.additionalProperties, `${path}[]`, override);
    const names = override(`${path}{}`, {}) ?? fc.string({ minLength: 1, maxLength: 8 });
    return fc.dictionary(names as Arbitrary<string>, values, { maxKeys: 3 });
  }
  const required = new Set(shape.required ?? []);
  const fields = Object.entries(shape.properties ?? {}).map(
    ([name, field]) =>
      [name, generate(field, `${path}.${name}`, override), required.has(name)] as const,
  );
  return fieldsOf(fields, dense.test(path) ? 2 : 4);
}

const absent = Symbol('absent');

/** Objects with the required fields, and each other one in one of `density`; shrinks by leaving fields out. */
function fieldsOf(
  fields: readonly (readonly [name: string, values: Arbitrary<unknown>, required: boolean])[],
  density: number,
): Arbitrary<Readonly<Record<string, unknown>>> {
  const values = fields.map(([, arbitrary, required]) =>
    required ? arbitrary : sometimes(arbitrary, density),
  );
  return fc.tuple(...values).map((items) =>
    Object.fromEntries(
      items.flatMap((item, index) => {
        const name = fields[index]?.[0] ?? '';
        return item === absent ? [] : [[name, item]];
      }),
    ),
  );
}

function sometimes(arbitrary: Arbitrary<unknown>, density: number): Arbitrary<unknown> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: density - 1, arbitrary: fc.constant(absent) },
    { weight: 1, arbitrary },
  );
}

/** Numbers at the ends of what is allowed, and small ones. */
function integersOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Shape): Arbitrary<number> {
  const ends = [minimum, minimum + 1, 0, 1, 2, 50, 100, 101, 4096, 65_535, maximum - 1, maximum];
  const allowed = ends.filter((value) => value >= minimum && value <= maximum);
  return fc.oneof(
    fc.integer({ min: Math.max(minimum, 0), max: Math.min(maximum, 1000) }),
    fc.constantFrom(...allowed),
  );
}

function numbersOf({ minimum = 0, maximum = 100 }: Shape): Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(minimum, maximum, 0.0001, 0.00001, 33.333333, 99.99999),
    fc.double({ min: minimum, max: maximum, noNaN: true }),
  );
}
