import { isDeepStrictEqual } from 'node:util';
import { type Document, type Scalar, isMap, isScalar, isSeq, parseDocument, stringify } from 'yaml';

/** What a document or a part of it says, and is to say. */
export interface Step {
  readonly before: unknown;
  readonly after: unknown;
}

interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text of a document and what it says. */
export interface WrittenDocument {
  readonly text: string;
  readonly value: unknown;
}

/**
 * The text of a document in which single values have changed, such as a weight or a subset: every other character
 * stays. Undefined when something came or went, or when that text would not say what it should.
 */
export function spliceScalars(
  text: string,
  document: Document,
  step: Step,
): WrittenDocument | undefined {
  const splices = collect(document.contents, step);
  if (splices === undefined) return undefined;
  let result = text;
  for (const { start, end, text: value } of [...splices].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + value + result.slice(end);
  }
  if (isSelfContained(text) && splices.every((splice) => isSound(text, splice))) {
    return { text: result, value: withoutAbsent(step.after) };
  }
  const value = readBack(result);
  return isEqual(value, step.after) ? { text: result, value } : undefined;
}

/** Without names for nodes, by which one change would be two, and without directives, which change what words mean. */
export function isSelfContained(text: string): boolean {
  return !/[&*]|^%/m.test(text);
}

const word = /^\w[\w./-]*$/;
/** In quotes, and without anything that would have to be escaped. */
const quoted = /^(?:"[ !#-[\]-~]*"|'[ -&(-~]*')$/;

/**
 * Whether a value says what it should wherever another one stood, in a block and between brackets (YAML 1.2.2 §7.3): in
 * quotes, or a word in the place of one. Where nothing stood there may be no space before it.
 */
function isSound(source: string, { start, end, text }: Splice): boolean {
  const old = source.slice(start, end);
  return old !== '' && (quoted.test(text) || (word.test(text) && !/^["']/.test(old)));
}

/** Undefined when the text is not one of YAML. */
export function readBack(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  return document.errors.length > 0 ? undefined : document.toJS();
}

function collect(node: unknown, { before, after }: Step): readonly Splice[] | undefined {
  if (isMap(node) && isObject(before) && isObject(after)) {
    const names = Object.keys(before);
    if (!isEqual(names.sort(), Object.keys(defined(after)).sort())) return undefined;
    return join(
      names.map((name) =>
        collect(node.get(name, true), { before: before[name], after: after[name] }),
      ),
    );
  }
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length) return undefined;
    return join(
      before.map((item: unknown, index) =>
        collect(node.items[index], { before: item, after: after[index] as unknown }),
      ),
    );
  }
  if (isEqual(before, after)) return [];
  return isScalar(node) ? spliceOf(node, after) : undefined;
}

function join(parts: readonly (readonly Splice[] | undefined)[]): readonly Splice[] | undefined {
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? known.flat() : undefined;
}

/** In the quotes that the value has; none for values of several lines. */
function spliceOf(node: Scalar, value: unknown): readonly Splice[] | undefined {
  const { range, type, anchor, tag } = node;
  if (type !== 'PLAIN' && type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE') return undefined;
  const isNamed = anchor !== undefined || tag !== undefined;
  if (isNamed || !range || typeof value === 'object' || value === undefined) return undefined;
  const style = typeof value === 'string' ? { defaultStringType: type } : {};
  const text = stringify(value, { lineWidth: 0, ...style }).trimEnd();
  return text.includes('\n') ? undefined : [{ start: range[0], end: range[1], text }];
}

/** A missing field and one that is undefined are the same. */
export function isEqual(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(withoutAbsent(left), withoutAbsent(right));
}

function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(defined(value)).map(([name, field]) => [name, withoutAbsent(field)]),
  );
}

function defined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
