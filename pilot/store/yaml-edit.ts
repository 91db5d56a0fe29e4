import { isDeepStrictEqual } from 'node:util';
import {
  isMap,
  isNode,
  isSeq,
  parseDocument,
  stringify,
  visit,
  type Document,
  type ToStringOptions,
} from 'yaml';
import { isNamespace } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
import { isEqual, isSelfContained, readBack, spliceScalars } from './yaml-splice.ts';
import type { Step, WrittenDocument } from './yaml-splice.ts';
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
 * document that parses; in a List, `item` says which of its items the object is.
 */
export function editDocument(text: string, object: ConfigObject, item?: number): DocumentEdit {
  return inForm(text, (body) => {
    const document = parseDocument(body);
    const step = stepOf(document, object, item);
    return (
      spliceScalars(body, document, step) ??
      rewrite({ body, document, after: step.after }, (changed) => {
        setField(changed, [], step);
      })
    );
  });
}

/** A List without one of its items. */
export function removeItem(text: string, item: number): string {
  const edited = inForm(text, (body) => {
    const document = parseDocument(body);
    const before = document.toJS() as List;
    const after = { ...before, items: before.items.filter((_, index) => index !== item) };
    return rewrite({ body, document, after }, (changed) => {
      changed.deleteIn(['items', item]);
    });
  });
  return edited.text;
}

interface List {
  readonly items: readonly Fields[];
}

function stepOf(document: Document, object: ConfigObject, item: number | undefined): Step {
  const before: unknown = document.toJS();
  if (item === undefined) return { before, after: become(before as Fields, object) };
  const { items } = before as List;
  const after = items.map((other, index) => (index === item ? become(other, object) : other));
  return { before, after: { ...(before as List), items: after } };
}

/** What an object says after its change. */
function become(before: Fields, object: ConfigObject): Fields {
  const { labels, annotations, deletionTimestamp } = object.metadata;
  const going = isNamespace(object) ? { deletionTimestamp } : {};
  const metadata = { ...(before['metadata'] as object), labels, annotations, ...going };
  const others = Object.entries(before).filter(([name]) => !replaced.includes(name));
  const after = { ...Object.fromEntries(others), apiVersion: object.apiVersion, metadata };
  return { ...after, ...bodyOf(object) };
}

/** Edits what stands behind the separator, and keeps that, a byte order mark, and the line breaks of Windows. */
function inForm(text: string, edit: (body: string) => DocumentEdit): DocumentEdit {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const isCrLf = text.includes('\r\n') && !/(?<!\r)\n/.test(text);
  const plain = isCrLf ? text.replaceAll('\r\n', '\n') : text;
  const separator = /^---[ \t]*(?:#[^\n]*)?\n/.exec(plain.slice(mark.length))?.[0] ?? '';
  const edited = edit(plain.slice(mark.length + separator.length));
  const whole = separator + edited.text;
  return { ...edited, text: mark + (isCrLf ? whole.replaceAll('\n', '\r\n') : whole) };
}

interface Rewrite {
  readonly body: string;
  readonly document: Document;
  /** What the text is to say. */
  readonly after: unknown;
}

/**
 * The document in its own form after a change. What has a name (&a) may stand elsewhere too (*a), where nothing was to
 * change, or where nothing would be left of it: then everything is written out where it stands.
 */
function rewrite(
  { body, document, after }: Rewrite,
  change: (document: Document) => void,
): DocumentEdit {
  const habits = habitsOf(body);
  const write = (changed: Document): string => {
    change(changed);
    return changed.toString(habits);
  };
  if (isSelfContained(body)) return { text: write(document) };
  const text = orElse(() => write(document));
  const value = text === undefined ? undefined : readBack(text);
  if (text !== undefined && isEqual(value, after)) return { text, value };
  return { text: write(writeOut(parseDocument(body))) };
}

/** The library does not write an alias for what is no longer there. */
function orElse(write: () => string): string | undefined {
  try {
    return write();
  } catch {
    return undefined;
  }
}

/** Without names: each alias becomes what it stands for. */
function writeOut(document: Document): Document {
  visit(document, { Alias: (_, alias) => alias.resolve(document)?.clone() as typeof alias });
  visit(document, {
    Node: (_, node) => {
      if (isNode(node) && 'anchor' in node) delete node.anchor;
    },
  });
  return document;
}

/** How the file is written, as far as it can be told; the rest of the document is to stay as it is. */
function habitsOf(text: string): ToStringOptions {
  return {
    lineWidth: 0,
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?: *#[^\n]*\n)*\1- /m.test(text),
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
