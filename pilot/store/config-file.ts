import { LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../../kit/problem.ts';
import { decodeObject } from '../api/decode.ts';
import { isForeign } from '../api/foreign.ts';
import type { ConfigObject } from '../api/resource.ts';
import { type Item, itemsOf, joinPath, pathOfItem } from './list-items.ts';
import { type DocumentText, splitDocuments } from './yaml-split.ts';
import { parseYamlDocument } from './yaml-document.ts';
import { type Place, placeOfField } from './yaml-place.ts';
import { explainYaml } from './yaml-remedy.ts';

/** One document of a file and what it says. */
export interface FileDocument {
  /** Its text with the separator before it. */
  readonly text: string;
  /** Line of the file it begins at, from 1. */
  readonly line: number;
  /** One, or the items of a List; none when the document is empty or wrong. */
  readonly objects: readonly DocumentObject[];
  readonly problems: readonly Problem[];
}

export interface DocumentObject {
  readonly object: ConfigObject;
  /** Its place in a List; missing when the document is the object. */
  readonly item?: number;
  /** How many lines below the beginning of its document it begins. */
  readonly below: number;
}

export interface ConfigFile {
  /** Relative to the store's directory, with /. */
  readonly path: string;
  readonly text: string;
  readonly documents: readonly FileDocument[];
}

/** What is known of a file before its text is read. */
export interface KnownParts {
  /** The file as it was before. */
  readonly previous?: ConfigFile | undefined;
  /** What one of its documents says. */
  readonly document?: { readonly text: string; readonly value?: unknown } | undefined;
  /** False when nothing of the file is in force, so that nothing of it can stay so. */
  readonly isInForce?: boolean;
}

/**
 * Reads the text of a file. Documents that it had before are taken over, so that a change costs what it touches, also in a
 * file of thousands of documents.
 */
export function parseConfigFile(
  path: string,
  text: string,
  { previous, document: given, isInForce = true }: KnownParts = {},
): ConfigFile {
  const known = new Map(previous?.documents.map((document) => [document.text, document]));
  const readPart = (part: DocumentText): FileDocument => {
    const taken = part.text === given?.text ? takeValue(part, given.value) : undefined;
    return taken ?? parsePart(path, part, isInForce ? staysInForce : '');
  };
  const documents = splitDocuments(text).map(
    (part) => atLine(known.get(part.text), part.line) ?? readPart(part),
  );
  return { path, text, documents };
}

/** A document whose value is known. What is to be said of it has a place in the text: then it has to be read. */
function takeValue({ text, line }: DocumentText, value: unknown): FileDocument | undefined {
  if (value === undefined) return undefined;
  const result = decodeObject(value, 'Strict');
  if (!result.ok || result.warnings.length > 0) return undefined;
  return { text, line, objects: [{ object: result.object, below: 0 }], problems: [] };
}

/** Problems name lines: a document that has some is read again when it has moved. */
function atLine(document: FileDocument | undefined, line: number): FileDocument | undefined {
  if (document === undefined || document.line === line) return document;
  return document.problems.length === 0 ? { ...document, line } : undefined;
}

/** Says where in the file the fields of an object stand; what is missing, where it should be. */
export function fieldPlaces(
  { text, line }: FileDocument,
  { item }: DocumentObject,
): (path: string) => Place {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  return (path) => {
    const place = placeOfField(document, lines, joinPath(pathOfItem(item), path));
    return { ...place, line: place.line + line - 1 };
  };
}

/** `outcome` ends what is said of a text that cannot be read. */
function parsePart(path: string, { text, line }: DocumentText, outcome: string): FileDocument {
  const document = parseYamlDocument({ text, line });
  const show = (place: Place): string => `${path}:${place.line}:${place.column}`;
  if (!document.ok) {
    const message = `${explainYaml(document.message)}${outcome}`;
    return { text, line, objects: [], problems: [malformed(show(document.place), message)] };
  }
  const { value, placeOf } = document;
  if (value === null || value === undefined) return { text, line, objects: [], problems: [] };
  const parts = itemsOf(value).map((item) =>
    readItem(item, (field) => {
      const place = placeOf(joinPath(item.path, field));
      return { shown: show(place), below: place.line - line };
    }),
  );
  return {
    text,
    line,
    objects: parts.flatMap(({ objects }) => objects),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

interface FieldPlace {
  readonly shown: string;
  readonly below: number;
}

function readItem(
  { value, index }: Item,
  placeOf: (field: string) => FieldPlace,
): Pick<FileDocument, 'objects' | 'problems'> {
  const result = decodeObject(value, 'Strict');
  const found = result.ok ? result.warnings : result.problems;
  const problems = found.map((problem) => ({
    ...problem,
    severity: isForeign(problem, value) ? ('warning' as const) : problem.severity,
    resource: `${placeOf(problem.path ?? '').shown} ${problem.resource}`,
  }));
  if (!result.ok) return { objects: [], problems };
  const item = index === undefined ? { below: 0 } : { item: index, below: placeOf('').below };
  return { objects: [{ object: result.object, ...item }], problems };
}

/** Ends the problem of a file that cannot be read at all, for those who watch it. */
export const staysInForce = '; the last good content of the file stays in force';

function malformed(resource: string, message: string): Problem {
  return { code: 'E_YAML', severity: 'error', resource, message };
}
