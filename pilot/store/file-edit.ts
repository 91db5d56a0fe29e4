import { createHash } from 'node:crypto';
import { formatKey, keyOf } from '../api/kinds.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import type { ConfigFile, FileDocument } from './config-file.ts';
import type { OwnedObject } from './file-set.ts';
import { StoreError } from './store.ts';
import { type DocumentEdit, editDocument, newDocument, removeItem } from './yaml-edit.ts';

/** The new content of one file; without text the file goes. */
export interface FileEdit {
  readonly path: string;
  readonly text?: string;
  /** The document that is new in it. */
  readonly document?: DocumentEdit;
}

/** Puts an object where its old state stands, or else into a file of its own. Other documents stay as they are. */
export function writeObject(
  owner: OwnedObject | undefined,
  object: ConfigObject,
  files: { readonly get: (path: string) => ConfigFile | undefined },
): FileEdit {
  if (owner === undefined) return writeNew(object, files);
  const { document, item } = placeOf(owner, keyOf(object));
  const edited = editDocument(document.text, object, item);
  return { path: owner.file.path, text: exchange(owner, document, edited.text), document: edited };
}

function writeNew(
  object: ConfigObject,
  files: { readonly get: (path: string) => ConfigFile | undefined },
): FileEdit {
  const path = newPathOf(keyOf(object));
  const document = newDocument(object);
  const { text } = document;
  const before = files.get(path)?.text ?? '';
  if (before.trim() === '') return { path, text, document };
  return { path, text: `${before.endsWith('\n') ? before : `${before}\n`}---\n${text}` };
}

/** Most file systems take names of 255 bytes; names of objects are ASCII. */
const longestName = 255;

/** Where an object goes that is in no file yet. */
export function newPathOf({ kind, namespace, name }: ObjectKey): string {
  // Only namespaces are in none: each stands with what is in it.
  if (namespace === '') return `${name}/${kind.toLowerCase()}${extension}`;
  const file = `${kind.toLowerCase()}-${name}`;
  if (file.length + extension.length <= longestName) return `${namespace}/${file}${extension}`;
  // Names that differ only at their end must not meet in one file by accident.
  const digest = createHash('sha256').update(file).digest('hex').slice(0, 16);
  const rest = longestName - extension.length - digest.length - 1;
  return `${namespace}/${file.slice(0, rest)}-${digest}${extension}`;
}

const extension = '.yaml';

/** Takes an object out of its file; with its last object the file goes. */
export function removeObject(owner: OwnedObject): FileEdit {
  const { document, item } = placeOf(owner, keyOf(owner.object));
  const { path, documents } = owner.file;
  const isNeeded = item !== undefined && !isSpent(document, 1);
  if (isNeeded) return { path, text: exchange(owner, document, removeItem(document.text, item)) };
  const rest = documents.filter((candidate) => candidate !== document);
  return rest.every((other) => isSpent(other, 0))
    ? { path }
    : { path, text: exchange(owner, document, '') };
}

/** Whether a document says nothing but the objects that go. */
function isSpent({ objects, problems }: FileDocument, going: number): boolean {
  return objects.length <= going && problems.length === 0;
}

/** The text of the file with another one in the place of a document. */
function exchange({ file }: OwnedObject, document: FileDocument, text: string): string {
  return file.documents
    .map((candidate) => (candidate === document ? text : candidate.text))
    .join('');
}

interface ObjectPlace {
  readonly document: FileDocument;
  /** In a List. */
  readonly item?: number | undefined;
}

/** An object can be in force from an older state of a file that is wrong now; such a file is not touched. */
function placeOf(owner: OwnedObject, key: ObjectKey): ObjectPlace {
  const wanted = formatKey(key);
  for (const document of owner.file.documents) {
    const found = document.objects.find(({ object }) => formatKey(keyOf(object)) === wanted);
    if (found !== undefined) return { document, item: found.item };
  }
  throw new StoreError(
    'E_FILE_BROKEN',
    `${owner.file.path} has mistakes and is not overwritten; correct or remove it first`,
  );
}
