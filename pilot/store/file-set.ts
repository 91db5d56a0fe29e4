import type { Problem } from '../../kit/problem.ts';
import { WatchedCell, type Watched } from '../../kit/watched.ts';
import { isDeepStrictEqual } from 'node:util';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey, ObjectMeta } from '../api/resource.ts';
import type { ConfigFile } from './config-file.ts';

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

/** The files of a directory store as they were last read. */
export class FileSet {
  readonly #slots = new Map<string, Slot>();
  readonly #problems = new WatchedCell<readonly Problem[]>(isDeepStrictEqual);

  get problems(): Watched<readonly Problem[]> {
    return this.#problems;
  }

  has(path: string): boolean {
    return this.#slots.has(path);
  }

  get(path: string): ConfigFile | undefined {
    return this.#slots.get(path)?.file;
  }

  /** The files in a folder and below. */
  below(folder: string): readonly string[] {
    return [...this.#slots.keys()].filter((path) => folder === '' || path.startsWith(`${folder}/`));
  }

  /** `modified` is the creation time of objects that name none (RFC 3339). */
  put(file: ConfigFile, modified?: string): void {
    const isBroken = file.documents.some(({ problems }) => problems.some(isError));
    const previous = isBroken ? (this.#slots.get(file.path)?.objects ?? new Map()) : new Map();
    const current = file.documents.flatMap(({ object }) =>
      object === undefined ? [] : [entryOf(object, modified)],
    );
    // The first of two documents with one key counts, so the earlier ones are set last.
    const objects = new Map<string, ConfigObject>([...previous, ...current.reverse()]);
    this.#slots.set(file.path, { file, objects });
  }

  remove(path: string): void {
    this.#slots.delete(path);
  }

  /** The object that is in force under `key`. */
  ownerOf(key: ObjectKey): OwnedObject | undefined {
    const wanted = formatKey(key);
    for (const { file, objects } of this.#sorted()) {
      const object = objects.get(wanted);
      if (object !== undefined) return { file, object };
    }
    return undefined;
  }

  /** Works out what is in force, by key, and publishes the problems of all files. */
  objects(): ReadonlyMap<string, ConfigObject> {
    const owners = new Map<string, OwnedObject>();
    const found: Problem[] = [];
    for (const { file, objects } of this.#sorted()) {
      for (const [key, object] of objects) {
        if (!owners.has(key)) owners.set(key, { file, object });
      }
      found.push(...file.documents.flatMap(({ problems }) => problems));
      found.push(...findDuplicates(file, owners));
    }
    this.#problems.set(found);
    return new Map([...owners].map(([key, { object }]) => [key, object]));
  }

  #sorted(): readonly Slot[] {
    return [...this.#slots.values()].sort((left, right) =>
      left.file.path < right.file.path ? -1 : 1,
    );
  }
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}

/** The versions in a file are those of another time (it may be the output of kubectl get): left out. */
function entryOf(object: ConfigObject, modified: string | undefined): [string, ConfigObject] {
  const { name, namespace, labels, annotations, uid } = object.metadata;
  const creationTimestamp = object.metadata.creationTimestamp ?? modified;
  const metadata: ObjectMeta = {
    name,
    namespace,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
  return [formatKey(keyOf(object)), { ...object, metadata }];
}

function findDuplicates(
  file: ConfigFile,
  owners: ReadonlyMap<string, OwnedObject>,
): readonly Problem[] {
  const seen = new Set<string>();
  return file.documents.flatMap(({ object, line }) => {
    if (object === undefined) return [];
    const key = formatKey(keyOf(object));
    const owner = owners.get(key)?.file.path ?? file.path;
    const isFirst = owner === file.path && !seen.has(key);
    seen.add(key);
    return isFirst ? [] : [duplicateOf(object, `${file.path}:${line}:1`, owner)];
  });
}

function duplicateOf(object: ConfigObject, at: string, owner: string): Problem {
  const { name, namespace } = object.metadata;
  return {
    code: 'E_DUPLICATE_OBJECT',
    severity: 'error',
    resource: `${at} ${object.kind} ${namespace}/${name}`,
    message: `the object is already in ${owner}, which is in force; remove one of the two`,
  };
}
