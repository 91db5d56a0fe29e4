import type { Random } from './random.ts';
import { nastyValue } from './values.ts';

/** What is done to a valid object at one place of it. */
type Malformation = (value: unknown, random: Random) => unknown;

const long = 20_000;

const malformations: readonly Malformation[] = [
  (_value, random) => nastyValue(random),
  () => null,
  (value) => [value],
  (value) => ({ value }),
  (value) => ({
    ...(Object(value) as object),
    ...(JSON.parse('{"__proto__":{"polluted":true}}') as object),
  }),
  (value) => Object.fromEntries([...entriesOf(value), ['constructor', { prototype: {} }]]),
  (value) => Object.fromEntries([...entriesOf(value), ['toString', 'x'], ['valueOf', 1], ['', 2]]),
  (value) => Object.fromEntries([...entriesOf(value), ['😀\u202e', { '\ud800': '\0' }]]),
  (_value, random) => nested(random.pick([20, 99, 150, 2000]), random.chance(0.5)),
  (_value, random) => random.pick([1e308, -1e308, 2 ** 53, -(2 ** 63), 1e-320, 0.1 + 0.2, -0]),
  (_value, random) => random.pick(['x', 'é', '😀', '\\', '"', '.', '*', ' ']).repeat(long),
  (value) => Array.from({ length: 100 }, () => value),
  (value) => (Array.isArray(value) ? Object.fromEntries(value.entries()) : 'a text'),
  (value) => (typeof value === 'string' ? Number(value) : JSON.stringify(value)),
];

/** A copy of `value` with one to three places of it made into something else. */
export function malform(value: unknown, random: Random): unknown {
  let result = value;
  // Copies of copies of long texts would keep the test busy, not the server.
  for (let left = 1 + random.integer(3); left > 0 && isSmall(result); left -= 1) {
    result = malformOnce(result, random);
  }
  return result;
}

function isSmall(value: unknown): boolean {
  return JSON.stringify(value).length < long;
}

function malformOnce(value: unknown, random: Random): unknown {
  const all = entriesOf(value).slice(0, 50);
  // Without its kind an object is refused before anybody looks further.
  const inner = all.filter(([key]) => key !== 'apiVersion' && key !== 'kind');
  const fields = inner.length > 0 && random.chance(0.95) ? inner : all;
  if (fields.length === 0 || random.chance(inner.length < all.length ? 0.03 : 0.25)) {
    return random.pick(malformations)(value, random);
  }
  const [chosen] = random.pick(fields);
  if (Array.isArray(value)) {
    return value.with(Number(chosen), malformOnce(value[Number(chosen)], random));
  }
  return Object.fromEntries(
    entriesOf(value).map(([key, held]) => [key, key === chosen ? malformOnce(held, random) : held]),
  );
}

/** The text of an object in which a key stands twice, as no value can say it. */
export function doubleKey(text: string, random: Random): string {
  const keys = [...text.matchAll(/"(\w+)":/g)];
  if (keys.length === 0) return text;
  const { index, 0: key } = random.pick(keys);
  return `${text.slice(0, index)}${key}${random.pick(['1', 'null', '{"a":[]}', '"x"'])},${text.slice(index)}`;
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function nested(depth: number, inLists: boolean): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = inLists ? [value] : { a: value };
  return value;
}
