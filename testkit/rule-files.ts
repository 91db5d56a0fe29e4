import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../kit/errors.ts';
import type { Problem } from '../kit/problem.ts';
import { resourceOf } from '../pilot/api/decode.ts';
import { formatKey, keyOf } from '../pilot/api/kinds.ts';
import type { ConfigObject, ResourceSet } from '../pilot/api/resource.ts';
import { type ConfigFile, fieldPlaces, parseConfigFile } from '../pilot/store/config-file.ts';
import { FileSet } from '../pilot/store/file-set.ts';
import type { Place } from '../pilot/store/yaml-place.ts';

/** Where in which file something stands; line and column count from 1. */
export interface FilePlace extends Place {
  readonly file: string;
}

/** Rules read from files, and where each of them stands. */
export interface RuleFiles {
  /** What is in force: objects without mistakes, as pilot would take them from a folder with these files. */
  readonly rules: ResourceSet;
  /** Mistakes in the files; the resource of each begins with FILE:LINE:COLUMN. */
  readonly problems: readonly Problem[];
  /**
   * The place of an object such as `VirtualService default/reviews` (as access logs and problems name it), or of a
   * field of it; of a field that is missing, where it should be. Undefined when no file has the object.
   */
  readonly placeOf: (object: string, path?: string) => FilePlace | undefined;
}

/** Reads files and the YAML files of folders; `paths` are as they shall be shown. Nothing is thrown. */
export async function readRuleFiles(paths: readonly string[]): Promise<RuleFiles> {
  const found = await Promise.all([...new Set(paths)].map(listFiles));
  const read = await Promise.all(found.flat().map(readRules));
  const files = read.flatMap((file) => ('text' in file ? [file] : []));
  const unread = read.flatMap((file) => ('text' in file ? [] : [file]));
  const { problems, ...rules } = collectRules(files);
  return { ...rules, problems: [...unread, ...problems] };
}

/** The rules of files that have been read. */
export function collectRules(
  files: readonly { readonly path: string; readonly text: string }[],
): RuleFiles {
  const set = new FileSet();
  const parsed = files.map(({ path, text }) => parseConfigFile(path, text));
  for (const file of parsed) set.put(file);
  const rules = [...set.objects()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, object]) => resourceOf(object));
  return { rules, problems: set.problems.current() ?? [], placeOf: indexPlaces(parsed) };
}

/** A problem that names an object, with the place in the file that it is about. */
export function placeProblem(problem: Problem, { placeOf }: Pick<RuleFiles, 'placeOf'>): Problem {
  const place = placeOf(problem.resource, problem.path);
  return place === undefined
    ? problem
    : { ...problem, resource: `${formatPlace(place)} ${problem.resource}` };
}

/** `rules.yaml:12:5`, which terminals and editors turn into a link. */
export function formatPlace({ file, line, column }: FilePlace): string {
  return `${file}:${line}:${column}`;
}

/** `VirtualService default/reviews`: how access logs and problems name an object. */
export function nameOf({ kind, metadata }: Pick<ConfigObject, 'kind' | 'metadata'>): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function indexPlaces(files: readonly ConfigFile[]): RuleFiles['placeOf'] {
  const places = new Map<string, (path: string) => FilePlace>();
  const seen = new Set<string>();
  const ordered = [...files].sort((left, right) => (left.path < right.path ? -1 : 1));
  for (const { path: file, documents } of ordered) {
    for (const document of documents) {
      if (document.object === undefined || seen.has(formatKey(keyOf(document.object)))) continue;
      seen.add(formatKey(keyOf(document.object)));
      let look: ((path: string) => Place) | undefined;
      places.set(nameOf(document.object), (path) => {
        look ??= fieldPlaces(document);
        return { file, ...look(path) };
      });
    }
  }
  return (object, path = '') => places.get(object)?.(path);
}

async function readRules(
  path: string,
): Promise<{ readonly path: string; readonly text: string } | Problem> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    return unreadable(path, error);
  }
}

/** The files that a path means; a path that is nothing is left to the reading, which says so. */
async function listFiles(path: string): Promise<readonly string[]> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => /\.ya?ml$/.test(name) && !/(^|[/\\])\./.test(name))
    .sort()
    .map((name) => join(path, name));
}

function unreadable(path: string, error: unknown): Problem {
  const message = `cannot read the file: ${describeError(error)}`;
  return { code: 'E_RULE_FILE', severity: 'error', resource: path, message };
}
