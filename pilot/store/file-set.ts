import type { Problem } from '../../kit/problem.ts';
import { WatchedCell, type Watched } from '../../kit/watched.ts';
import { isDeepStrictEqual } from 'node:util';
import { formatKey, keyOf, showKey } from '../api/kinds.ts';
import { type ConfigObject, type ObjectKey, type ObjectMeta, writtenOf } from '../api/resource.ts';
import type { ConfigFile } from './config-file.ts';
import { uidOf } from './stamp.ts';

/** An object in force and the file it comes from. */
export interface OwnedObject {
  readonly file: ConfigFile;
  readonly object: ConfigObject;
}

interface Slot {
  readonly file: ConfigFile;
  /** In force from this file: what it says now, and what it said before where it is wrong now. */
  readonly objects: ReadonlyMap<string, ConfigObject>;
}

/** What became of an object since it was last asked for; without one it is gone. */
export interface OwnerChange {
  readonly key: ObjectKey;
  readonly object?: ConfigObject;
}

/** The files of a directory store as they were last read. A change costs what it touches. */
export class FileSet {
  readonly #slots = new Map<string, Slot>();
  /** By key, the files that have the object; the first by name counts. */
  readonly #claims = new Map<string, readonly string[]>();
  readonly #problems = new WatchedCell<readonly Problem[]>(isDeepStrictEqual);
  readonly #problemsByPath = new Map<string, readonly Problem[]>();
  /** Since the last `takeChanges`. */
  #touched = new Map<string, ObjectKey>();
  #touchedFiles = new Set<string>();

  get problems(): Watched<readonly Problem[]> {
    return this.#problems;
  }

  has(path: string): boolean {
    return this.#slots.has(path);
  }

  get(path: string): ConfigFile | undefined {
    return this.#slots.get(path)?.file;
  }

  /** Whether an object of the file, as it is now or as it was before it went wrong, may be in force. */
  isInForce(path: string): boolean {
    return (this.#slots.get(path)?.objects.size ?? 0) > 0;
  }

  /** The files in a folder and below. */
  below(folder: string): readonly string[] {
    return [...this.#slots.keys()].filter((path) => folder === '' || path.startsWith(`${folder}/`));
  }

  /** `modified` is the creation time of objects that name none (RFC 3339). */
  put(file: ConfigFile, modified?: string): void {
    const isBroken = file.documents.some(({ problems }) => problems.some(isError));
    const before = this.#slots.get(file.path)?.objects ?? new Map<string, ConfigObject>();
    const current = file.documents.flatMap(({ objects }) =>
      objects.map(({ object }) => entryOf(object, before, modified)),
    );
    // The first of two documents with one key counts, so the earlier ones are set last.
    const kept = isBroken ? before : new Map<string, ConfigObject>();
    const objects = new Map<string, ConfigObject>([...kept, ...current.reverse()]);
    this.#slots.set(file.path, { file, objects });
    this.#claim(file.path, before, objects);
  }

  remove(path: string): void {
    const before = this.#slots.get(path)?.objects ?? new Map<string, ConfigObject>();
    this.#slots.delete(path);
    this.#claim(path, before, new Map());
  }

  /** Returns what makes the file again what it is now. */
  remember(path: string): () => void {
    const slot = this.#slots.get(path);
    return () => {
      const objects = this.#slots.get(path)?.objects ?? new Map<string, ConfigObject>();
      if (slot === undefined) this.#slots.delete(path);
      else this.#slots.set(path, slot);
      this.#claim(path, objects, slot?.objects ?? new Map());
    };
  }

  /** The object that is in force under `key`. */
  ownerOf(key: ObjectKey): OwnedObject | undefined {
    return this.#ownerOf(formatKey(key));
  }

  /** What is in force now and was not, or is no longer, since the last call; publishes the problems of all files. */
  takeChanges(): readonly OwnerChange[] {
    const touched = this.#touched;
    this.#touched = new Map();
    const changes = [...touched].map(([text, key]) => {
      const object = this.#ownerOf(text)?.object;
      return object === undefined ? { key } : { key, object };
    });
    this.#publishProblems([...touched.keys()]);
    return changes;
  }

  #ownerOf(key: string): OwnedObject | undefined {
    const [path = ''] = this.#claims.get(key) ?? [];
    const slot = this.#slots.get(path);
    const object = slot?.objects.get(key);
    return slot === undefined || object === undefined ? undefined : { file: slot.file, object };
  }

  #claim(
    path: string,
    before: ReadonlyMap<string, ConfigObject>,
    after: ReadonlyMap<string, ConfigObject>,
  ): void {
    this.#touchedFiles.add(path);
    for (const [key, object] of before) {
      if (after.has(key)) continue;
      const others = (this.#claims.get(key) ?? []).filter((other) => other !== path);
      if (others.length === 0) this.#claims.delete(key);
      else this.#claims.set(key, others);
      this.#touched.set(key, keyOf(object));
    }
    for (const [key, object] of after) {
      if (before.get(key) === object) continue;
      if (!before.has(key)) {
        const others = this.#claims.get(key) ?? [];
        this.#claims.set(key, others.length === 0 ? [path] : [...others, path].sort());
      }
      this.#touched.set(key, keyOf(object));
    }
  }

  /** Of the files that have changed, and of those that have an object in common with them. */
  #publishProblems(keys: readonly string[]): void {
    const paths = new Set([
      ...this.#touchedFiles,
      ...keys.flatMap((key) => this.#claims.get(key) ?? []),
    ]);
    this.#touchedFiles = new Set();
    for (const path of paths) {
      const problems = this.#problemsOf(path);
      if (problems.length === 0) this.#problemsByPath.delete(path);
      else this.#problemsByPath.set(path, problems);
    }
    const sorted = [...this.#problemsByPath].sort(([left], [right]) => (left < right ? -1 : 1));
    this.#problems.set(sorted.flatMap(([, problems]) => problems));
  }

  #problemsOf(path: string): readonly Problem[] {
    const file = this.#slots.get(path)?.file;
    if (file === undefined) return [];
    const owner = (key: string): string => this.#claims.get(key)?.[0] ?? path;
    return [...file.documents.flatMap(({ problems }) => problems), ...findDuplicates(file, owner)];
  }
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/**
 * The versions in a file are those of another time (it may be the output of kubectl get): left out. An object
 * whose document is as it was stays the same value.
 */
function entryOf(
  object: ConfigObject,
  before: ReadonlyMap<string, ConfigObject>,
  modified: string | undefined,
): [string, ConfigObject] {
  const key = keyOf(object);
  const text = formatKey(key);
  const known = before.get(text);
  if (known !== undefined && sources.get(known) === object) return [text, known];
  const { creationTimestamp: given, deletionTimestamp } = object.metadata;
  const creationTimestamp = given ?? modified;
  const metadata: ObjectMeta = {
    ...writtenOf(object.metadata),
    uid: object.metadata.uid ?? uidOf(key, given),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
  const entry = { ...object, metadata };
  sources.set(entry, object);
  return [text, entry];
}

/** From which object of a document an object in force was made. */
const sources = new WeakMap<ConfigObject, ConfigObject>();

function findDuplicates(file: ConfigFile, ownerOf: (key: string) => string): readonly Problem[] {
  const seen = new Set<string>();
  const all = file.documents.flatMap(({ objects, line }) =>
    objects.map(({ object, below }) => ({ object, line: line + below })),
  );
  return all.flatMap(({ object, line }) => {
    const key = formatKey(keyOf(object));
    const owner = ownerOf(key);
    const isFirst = owner === file.path && !seen.has(key);
    seen.add(key);
    return isFirst ? [] : [duplicateOf(object, `${file.path}:${line}:1`, owner)];
  });
}

function duplicateOf(object: ConfigObject, at: string, owner: string): Problem {
  return {
    code: 'E_DUPLICATE_OBJECT',
    severity: 'error',
    resource: `${at} ${showKey(keyOf(object))}`,
    message: `the object is already in ${owner}, which is in force; remove one of the two`,
  };
}
