import { type Problem, formatProblem } from '../../kit/problem.ts';
import { type DecodeResult, decodeObject } from '../api/decode.ts';
import { isForeign } from '../api/foreign.ts';
import { findKind } from '../api/kinds.ts';
import { itemsOf, joinPath } from '../store/list-items.ts';
import { parseYamlDocument } from '../store/yaml-document.ts';
import { explainYaml } from '../store/yaml-remedy.ts';
import type { Place } from '../store/yaml-place.ts';
import { splitDocuments } from '../store/yaml-split.ts';
import type { SourceText } from './source.ts';
import type { WireObject } from './wire-object.ts';

/** A place that editors and terminals understand. */
export interface FilePlace extends Place {
  readonly file: string;
}

export interface PlacedProblem extends Problem {
  readonly place: FilePlace;
}

/** One object of a file, and what is wrong with it. */
export interface RuleDocument {
  readonly place: FilePlace;
  /** As it is written; missing where no object can be read. */
  readonly object?: WireObject;
  /** Whether this client knows the kind, and so has checked the object. */
  readonly isKnown: boolean;
  readonly problems: readonly PlacedProblem[];
  readonly placeOf: (path: string) => FilePlace;
}

/** All objects of a text; the items of a List count as if each were a document of its own. */
export function readDocuments({ file, text }: SourceText): readonly RuleDocument[] {
  return splitDocuments(text).flatMap((part) => {
    const document = parseYamlDocument(part);
    if (!document.ok) return [malformed({ file, ...document.place }, document.message)];
    const { value, placeOf } = document;
    if (value === null || value === undefined) return [];
    const locate = (path: string): FilePlace => ({ file, ...placeOf(path) });
    return itemsOf(value).map((item) =>
      readObject(item.value, (field) => locate(joinPath(item.path, field))),
    );
  });
}

function readObject(value: unknown, placeOf: RuleDocument['placeOf']): RuleDocument {
  const result = decodeObject(value, 'Strict');
  const place = placeOf('');
  const object = isObject(value) ? value : undefined;
  const isKnown = object !== undefined && findKind(object.apiVersion, object.kind) !== undefined;
  const problems = problemsOf(result).map((problem) => ({
    ...problem,
    severity: isForeign(problem, object) ? ('warning' as const) : problem.severity,
    place: placeOf(problem.path ?? ''),
  }));
  return { place, isKnown, problems, placeOf, ...(object === undefined ? {} : { object }) };
}

function problemsOf(result: DecodeResult): readonly Problem[] {
  return result.ok ? result.warnings : result.problems;
}

function isObject(value: unknown): value is WireObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<WireObject>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata === 'object';
}

function malformed(place: FilePlace, message: string): RuleDocument {
  const problem: PlacedProblem = {
    code: 'E_YAML',
    severity: 'error',
    resource: place.file,
    message: explainYaml(message),
    place,
  };
  return { place, isKnown: false, problems: [problem], placeOf: () => place };
}

/** `FILE:LINE:COLUMN`. */
export function formatPlace({ file, line, column }: FilePlace): string {
  return `${file}:${line}:${column}`;
}

/** One line: code, place, object, field, and what is wrong. */
export function formatPlaced({ place, ...problem }: PlacedProblem): string {
  const resource =
    problem.resource === place.file
      ? formatPlace(place)
      : `${formatPlace(place)} ${problem.resource}`;
  return formatProblem({ ...problem, resource });
}
