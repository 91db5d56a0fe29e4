/**
 * The template functions of psyhomb/registrator, merged into gliderlabs/registrator's master (bridge.go). Its
 * httpGet and jsonParse are left out: a tag must not make requests.
 */
import { builtIns } from './template-built-ins.ts';
import { TemplateError } from './template-error.ts';
import { kindOf, type TemplateMap, type TemplateValue, type ValueKind } from './template-value.ts';

interface TemplateFunction {
  readonly parameters: readonly ValueKind[];
  /** How many of the parameters may be left out, from the end. */
  readonly optional?: number;
  readonly call: (args: Arguments) => TemplateValue;
}

/** Arguments by position; their kinds have been looked at. */
interface Arguments {
  readonly text: (index: number) => string;
  readonly number: (index: number) => number;
  readonly list: (index: number) => readonly string[];
  readonly map: (index: number) => TemplateMap;
  readonly count: number;
}

const functions: Readonly<Record<string, TemplateFunction>> = {
  strSlice: { parameters: ['text', 'number', 'number'], optional: 2, call: sliceText },
  sIndex: { parameters: ['number', 'list'], call: (to) => pick(to.number(0), to.list(1)) },
  mIndex: {
    parameters: ['text', 'map'],
    call: (to) => (Object.hasOwn(to.map(1), to.text(0)) ? (to.map(1)[to.text(0)] ?? '') : ''),
  },
  toUpper: { parameters: ['text'], call: (to) => to.text(0).toUpperCase() },
  toLower: { parameters: ['text'], call: (to) => to.text(0).toLowerCase() },
  replace: { parameters: ['number', 'text', 'text', 'text'], call: replaceText },
  join: { parameters: ['text', 'list'], call: (to) => to.list(1).join(to.text(0)) },
  split: { parameters: ['text', 'text'], call: (to) => to.text(1).split(to.text(0)) },
  splitIndex: {
    parameters: ['number', 'text', 'text'],
    call: (to) => pick(to.number(0), to.text(2).split(to.text(1))),
  },
  matchFirstElement: {
    parameters: ['text', 'list'],
    call: (to) => to.list(1).find((item) => toPattern(to.text(0)).test(item)) ?? '',
  },
  matchAllElements: {
    parameters: ['text', 'list'],
    call: (to) => to.list(1).filter((item) => toPattern(to.text(0)).test(item)),
  },
};

/** Throws TemplateError when there is no such function. */
export function checkFunction(name: string): void {
  if (Object.hasOwn(functions, name) || Object.hasOwn(builtIns, name)) return;
  const reason = name === 'httpGet' || name === 'jsonParse' ? 'is left out on purpose' : 'is none';
  const known = [...Object.keys(functions), ...Object.keys(builtIns)].join(', ');
  throw new TemplateError(`the function ${name} ${reason}; there are ${known}`);
}

/** Throws TemplateError when the arguments do not fit. */
export function callFunction(name: string, values: readonly TemplateValue[]): TemplateValue {
  const own = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (own !== undefined) return callOwn(name, own, values);
  checkFunction(name);
  return builtIns[name]?.(values) ?? '';
}

function callOwn(
  name: string,
  { parameters, optional = 0, call }: TemplateFunction,
  values: readonly TemplateValue[],
): TemplateValue {
  const isCount =
    values.length <= parameters.length && values.length >= parameters.length - optional;
  if (!isCount || values.some((value, index) => kindOf(value) !== parameters[index])) {
    const got = values.map(kindOf).join(', ');
    throw new TemplateError(`${name} takes ${parameters.join(', ')}; it got ${got}`);
  }
  return call({
    text: (index) => values[index] as string,
    number: (index) => values[index] as number,
    list: (index) => values[index] as readonly string[],
    map: (index) => values[index] as TemplateMap,
    count: values.length,
  });
}

/** Bounds that do not fit leave the text as it is. */
function sliceText(to: Arguments): string {
  const text = to.text(0);
  if (to.count === 1) return text;
  const from = to.number(1);
  const end = to.count === 2 ? text.length : to.number(2);
  if (from < 0 || end < 0 || text.length < from || text.length < end) return text;
  return end < from ? text.slice(from) : text.slice(from, end);
}

/** A negative index counts from the end; one outside means the first or the last. */
function pick(index: number, list: readonly string[]): string {
  if (list.length === 0) return '';
  const at = index < 0 ? list.length + index : index;
  return list[Math.min(Math.max(at, 0), list.length - 1)] ?? '';
}

/** A negative number replaces all. */
function replaceText(to: Arguments): string {
  const pieces = to.text(3).split(to.text(1));
  const count = to.number(0) < 0 ? pieces.length - 1 : Math.min(to.number(0), pieces.length - 1);
  const replaced = pieces.slice(0, count + 1).join(to.text(2));
  return [replaced, ...pieces.slice(count + 1)].join(to.text(1));
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new TemplateError(`"${text}" is no regular expression`);
  }
}
