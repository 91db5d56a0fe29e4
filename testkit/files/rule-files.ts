import { readFile } from 'node:fs/promises';
import type { Problem } from '../../kit/problem.ts';
import { resourceOf } from '../../pilot/api/decode.ts';
import { formatKey } from '../../pilot/api/kinds.ts';
import type { ConfigResource, ResourceSet } from '../../pilot/api/resource.ts';
import {
  type DocumentObject,
  type FileDocument,
  fieldPlaces,
  parseConfigFile,
} from '../../pilot/store/config-file.ts';
import { showPath } from './file-pattern.ts';

/** The user's rules, and where each of them stands. */
export interface RuleFiles {
  readonly resources: ResourceSet;
  readonly problems: readonly Problem[];
  readonly origins: ReadonlyMap<string, Origin>;
}

/** Where an object was read. */
interface Origin {
  readonly file: string;
  readonly document: FileDocument;
  readonly part: DocumentObject;
}

/** A place that editors and terminals understand. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Reads the files of these absolute paths; problems and places name them relative to `folder`. Throws when one cannot be read. */
export async function readRuleFiles(paths: readonly string[], folder: string): Promise<RuleFiles> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  return collectRules(
    paths.map((path, index) => ({ file: showPath(path, folder), text: texts[index] ?? '' })),
  );
}

/**
 * The rules of texts, as `kubectl apply` would take them one after the other: an object that comes again replaces
 * the earlier one.
 */
export function collectRules(
  files: readonly { readonly file: string; readonly text: string }[],
): RuleFiles {
  const resources = new Map<string, ConfigResource>();
  const origins = new Map<string, Origin>();
  const problems: Problem[] = [];
  for (const { file, text } of files) {
    for (const document of parseConfigFile(file, text).documents) {
      problems.push(...document.problems);
      for (const part of document.objects) {
        const resource = resourceOf(part.object);
        resources.set(formatKey(resource.key), resource);
        origins.set(nameOf(resource), { file, document, part });
      }
    }
  }
  const sorted = [...resources].sort(([left], [right]) => (left < right ? -1 : 1));
  return { resources: sorted.map(([, resource]) => resource), problems, origins };
}

/** As problems and access logs name an object: `VirtualService default/reviews`. */
export function nameOf({ kind, key }: ConfigResource): string {
  return `${kind} ${key.namespace}/${key.name}`;
}

/** Where a field of an object stands; undefined when the object is from no file. */
export function placeOfRule(rules: RuleFiles, name: string, field: string): FilePlace | undefined {
  const origin = rules.origins.get(name);
  if (origin === undefined) return undefined;
  return { file: origin.file, ...fieldPlaces(origin.document, origin.part)(field) };
}

export function formatPlace({ file, line, column }: FilePlace): string {
  return `${file}:${line}:${column}`;
}

/** A problem that was found with an object, with the place of it. */
export function placeProblem(rules: RuleFiles, problem: Problem): Problem {
  const place = placeOfRule(rules, problem.resource, problem.path ?? '');
  return place === undefined
    ? problem
    : { ...problem, resource: `${formatPlace(place)} ${problem.resource}` };
}
