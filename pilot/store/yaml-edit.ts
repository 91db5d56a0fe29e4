import { isDeepStrictEqual } from 'node:util';
import { isMap, isSeq, parseDocument, stringify, type Document, type ToStringOptions } from 'yaml';
import { isNamespace } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
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
 * document that parses.
 */
export function editDocument(text: string, object: ConfigObject): DocumentEdit {
  const separator = /^---[ \t]*(?:#[^\n]*)?\n/.exec(text)?.[0] ?? '';
  const document = parseDocument(text.slice(separator.length));
  const before = document.toJS() as Fields;
  const { labels, annotations, deletionTimestamp } = object.metadata;
  const going = isNamespace(object) ? { deletionTimestamp } : {};
  const metadata = { ...(before['metadata'] as object), labels, annotations, ...going };
  const others = Object.entries(before).filter(([name]) => !replaced.includes(name));
  const after = { ...Object.fromEntries(others), apiVersion: object.apiVersion, metadata };
  const step = { before, after: { ...after, ...bodyOf(object) } };
  const spliced = spliceScalars(text.slice(separator.length), document, step);
  if (spliced !== undefined) return { ...spliced, text: separator + spliced.text };
  setField(document, [], step);
  return { text: separator + document.toString(habitsOf(text)) };
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
  return stringify(documentOf(object), layout);
}

/** The same with what it says, if that is beyond doubt: texts of other than plain characters are read again. */
export function newDocument(object: ConfigObject): DocumentEdit {
  const value = documentOf(object);
  const text = stringify(value, layout);
  return /^[\n\x20-\x7e]*$/.test(text) ? { text, value } : { text };
}

function documentOf(object: ConfigObject): Fields {
  const { name, namespace, labels, annotations, ...times } = object.metadata;
  const { creationTimestamp, deletionTimestamp } = times;
  const isWorkedOut = object.metadata.uid === uidOf(keyOf(object), creationTimestamp);
  const uid = isWorkedOut ? undefined : object.metadata.uid;
  const given = { name, namespace, labels, annotations, uid, creationTimestamp, deletionTimestamp };
  const { apiVersion, kind } = object;
  const metadata = Object.entries(given).filter(([, field]) => field !== undefined);
  return { apiVersion, kind, metadata: Object.fromEntries(metadata), ...bodyOf(object) };
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
