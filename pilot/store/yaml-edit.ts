import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, parseDocument, stringify, type Document, type ToStringOptions } from 'yaml';
import type { ConfigObject } from '../api/resource.ts';
import { writePlainYaml } from './plain-yaml.ts';
import { spliceScalars, type WrittenDocument } from './yaml-splice.ts';
import { keyOf } from '../api/kinds.ts';
import { bodyFields, bodyOf } from '../api/resource.ts';
import { uidOf } from './stamp.ts';

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** What the new body takes the place of; stringData of a Secret has gone into its data. */
const replaced: readonly string[] = [...bodyFields, 'stringData'];

const layout: ToStringOptions = { lineWidth: 0 };

/** A document as it is to stand in a file. What it says is there when it is known, so that nobody has to read it again. */
export type DocumentEdit = Pick<WrittenDocument, 'text'> & Partial<WrittenDocument>;

/**
 * The document after its object became `object`: what stays equal keeps its comments and its form. `text` must be a
 * document that parses; `known` is the object that it says, if somebody knows.
 */
export function editDocument(
  text: string,
  object: ConfigObject,
  known?: ConfigObject,
): DocumentEdit {
  const separator = /^---[ \t]*(?:#[^\n]*)?\n/.exec(text)?.[0] ?? '';
  const body = text.slice(separator.length);
  const edited = (known && rewritePlain(body, object, known)) ?? editText(body, object);
  return { ...edited, text: separator + edited.text };
}

/** A document that is as the store itself writes it has nothing to keep but the order of its fields, and is not parsed. */
function rewritePlain(
  text: string,
  object: ConfigObject,
  known: ConfigObject,
): DocumentEdit | undefined {
  const before = documentOf(known);
  if (writePlainYaml(before) !== text) return undefined;
  const { metadata } = valueAfter(before, object) as Pick<ConfigObject, 'metadata'>;
  const value = inOrderOf(before, documentOf({ ...object, metadata })) as Fields;
  const written = writePlainYaml(value);
  return written === undefined ? undefined : { text: written, value };
}

function editText(text: string, object: ConfigObject): DocumentEdit {
  const document = parseDocument(text);
  const before = document.toJS() as Fields;
  const step = { before, after: valueAfter(before, object) };
  const spliced = spliceScalars(text, document, step);
  if (spliced !== undefined) return spliced;
  setField(document, [], step);
  return { text: document.toString(habitsOf(text)) };
}

/** What a document says that said `before`, when its object has become `object`. */
function valueAfter(before: Fields, object: ConfigObject): Fields {
  const { labels, annotations } = object.metadata;
  const metadata = { ...(before['metadata'] as object), labels, annotations };
  const others = Object.entries(before).filter(([name]) => !replaced.includes(name));
  const after = { ...Object.fromEntries(others), apiVersion: object.apiVersion, metadata };
  return { ...after, ...bodyOf(object) };
}

/** `after` with its fields in the order of `before`. */
function inOrderOf(before: unknown, after: unknown): unknown {
  if (isFields(before) && isFields(after)) {
    const names = mergeNames(Object.keys(before), Object.keys(after));
    return Object.fromEntries(
      names.map((name) => [name, inOrderOf(own(before, name), after[name])]),
    );
  }
  if (!isList(before) || !isList(after) || before.length !== after.length) return after;
  return after.map((item, index) => inOrderOf(before[index], item));
}

/** The names that are there after, those that were there before in their order; a new one follows the one it follows after. */
function mergeNames(before: readonly string[], after: readonly string[]): readonly string[] {
  const present = new Set(after);
  const names = before.filter((name) => present.has(name));
  let place = 0;
  for (const name of after) {
    const known = names.indexOf(name);
    if (known === -1) names.splice(place, 0, name);
    place = known === -1 ? place + 1 : known + 1;
  }
  return names;
}

/** How the file is written, as far as it can be told; the rest of the document is to stay as it is. */
function habitsOf(text: string): ToStringOptions {
  return {
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n\1- /m.test(text),
    flowCollectionPadding: /[[{] /.test(text),
  };
}

/** The text of a new document. What the store can work out again is left out. */
export function writeDocument(object: ConfigObject): string {
  return newDocument(object).text;
}

/** The same with what it says, if that is beyond doubt: texts of other than plain characters are read again. */
export function newDocument(object: ConfigObject): DocumentEdit {
  const value = documentOf(object);
  const plain = writePlainYaml(value);
  if (plain !== undefined) return { text: plain, value };
  const text = stringify(value, layout);
  return /^[\n\x20-\x7e]*$/.test(text) ? { text, value } : { text };
}

function documentOf(object: ConfigObject): Fields {
  const { name, namespace, labels, annotations, creationTimestamp } = object.metadata;
  const isWorkedOut = object.metadata.uid === uidOf(keyOf(object), creationTimestamp);
  const uid = isWorkedOut ? undefined : object.metadata.uid;
  const metadata = { name, namespace, labels, annotations, uid, creationTimestamp };
  const { apiVersion, kind } = object;
  const given = Object.entries(metadata).filter(([, field]) => field !== undefined);
  return { apiVersion, kind, metadata: Object.fromEntries(given), ...bodyOf(object) };
}

interface Step {
  readonly before: unknown;
  readonly after: unknown;
}

/** Changes the nodes at and below `path` only where the values differ. */
function setField(document: Document, path: Path, { before, after }: Step): void {
  if (isDeepStrictEqual(before, after)) return;
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  if (isMap(node) && isFields(before) && isFields(after)) {
    setFields(document, path, { before, after });
  } else if (isSeq(node) && isList(before) && isList(after) && after.length === before.length) {
    for (const [index, item] of after.entries()) {
      setField(document, [...path, index], { before: before[index], after: item });
    }
  } else {
    replaceNode(document, path, after);
  }
}

function replaceNode(document: Document, path: Path, value: unknown): void {
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, typeof value === 'object' ? document.createNode(value) : value);
}

function setFields(
  document: Document,
  path: Path,
  { before, after }: { readonly before: Fields; readonly after: Fields },
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    setField(document, [...path, key], { before: own(before, key), after: own(after, key) });
  }
}

/** A user may name a field like a method that every object has, such as valueOf. */
function own(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
