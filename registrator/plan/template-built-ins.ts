/** The functions that Go's text/template has itself (its documentation, "Functions"), as far as tags need them. */
import { TemplateError } from './template-error.ts';
import { isTrue, kindOf, readKey, show, sizeOf, type TemplateValue } from './template-value.ts';

type Values = readonly TemplateValue[];

/** `and` and `or` are here for their names: they do not always look at all their arguments. */
export const builtIns: Readonly<Record<string, (values: Values) => TemplateValue>> = {
  and: (values) => values.find((value) => !isTrue(value)) ?? last('and', values),
  or: (values) => values.find(isTrue) ?? last('or', values),
  not: (values) => !isTrue(take('not', values, 1)[0] ?? ''),
  eq: isEqualToAny,
  ne: (values) => !isEqualToAny(take('ne', values, 2)),
  lt: (values) => compare('lt', values) < 0,
  le: (values) => compare('le', values) <= 0,
  gt: (values) => compare('gt', values) > 0,
  ge: (values) => compare('ge', values) >= 0,
  len: measure,
  index: findItem,
  print: (values) => values.map(show).join(' '),
  printf: format,
};

function last(name: string, values: Values): TemplateValue {
  const value = values.at(-1);
  if (value === undefined) throw new TemplateError(`${name} takes a value`);
  return value;
}

function take(name: string, values: Values, count: number): Values {
  if (values.length === count) return values;
  throw new TemplateError(`${name} takes ${count} values; it got ${values.length}`);
}

/** The first with any of the others. */
function isEqualToAny([first, ...others]: Values): boolean {
  if (first === undefined || others.length === 0) throw new TemplateError('eq takes two values');
  for (const other of others) assertSameKind(first, other);
  return others.includes(first);
}

/** Negative, 0 or positive. */
function compare(name: string, values: Values): number {
  const [left = '', right = ''] = take(name, values, 2);
  assertSameKind(left, right);
  if (typeof left === 'boolean') throw new TemplateError(`${name} does not compare flags`);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function assertSameKind(left: TemplateValue, right: TemplateValue): void {
  const kinds = [kindOf(left), kindOf(right)];
  if (kinds[0] === kinds[1] && typeof left !== 'object') return;
  throw new TemplateError(`cannot compare ${kinds.join(' and ')}`);
}

function measure(values: Values): number {
  const [value = ''] = take('len', values, 1);
  if (typeof value === 'number' || typeof value === 'boolean') {
    throw new TemplateError(`len takes text, list or map; it got ${kindOf(value)}`);
  }
  return sizeOf(value);
}

/** `index map "a" "b"` is the item b of the item a. */
function findItem([value, ...keys]: Values): TemplateValue {
  if (value === undefined) throw new TemplateError('index takes a list or a map');
  return keys.reduce<TemplateValue>(pickItem, value);
}

function pickItem(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (kindOf(value) === 'map' && typeof key === 'string') return readKey(value, key);
  if (kindOf(value) !== 'list' || typeof key !== 'number') {
    throw new TemplateError(`index finds no ${kindOf(key)} in a ${kindOf(value)}`);
  }
  const item = (value as readonly string[])[key];
  if (item === undefined) throw new TemplateError(`index ${key} is outside of the list`);
  return item;
}

/** `%s`, `%v`, `%d` and `%q`, without widths. */
function format([pattern, ...values]: Values): string {
  if (typeof pattern !== 'string') throw new TemplateError('printf takes a text first');
  const rest = [...values];
  const text = pattern.replaceAll(/%(.?)/gs, (verb, letter: string) => {
    if (letter === '%') return '%';
    const value = rest.shift();
    if (!['s', 'v', 'd', 'q'].includes(letter)) {
      throw new TemplateError(`printf does not know ${verb}; there are %s, %v, %d, %q`);
    }
    if (value === undefined) throw new TemplateError(`printf has no value for ${verb}`);
    return letter === 'q' ? JSON.stringify(show(value)) : show(value);
  });
  if (rest.length > 0) throw new TemplateError('printf has more values than verbs');
  return text;
}
