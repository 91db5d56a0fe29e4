import { OperationError, describeError } from '../../kit/errors.ts';
import { exitCodeOf, exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { fieldCodes } from '../api/field-error.ts';
import {
  type PlacedProblem,
  type RuleDocument,
  formatPlace,
  formatPlaced,
  readDocuments,
} from './rule-documents.ts';
import { type FileChoice, readSources } from './rule-sources.ts';
import { type ServedKind, findServed } from './served-kinds.ts';
import { RefusedError, type WireObject } from './wire-object.ts';
import { type WriteOrder, inOrder } from './write-order.ts';

/** A document with an object in it. */
export interface ObjectDocument extends RuleDocument {
  readonly object: WireObject;
}

export interface FileWork {
  readonly files: FileChoice;
  readonly kinds: readonly ServedKind[];
  /** The namespace of objects that name none; others must name the same. */
  readonly namespace: string | undefined;
  /** Which objects are worked on although something is wrong in them. */
  readonly takes: 'valid' | 'named';
  /** In which order objects are worked on; `as written`: as the files have them. */
  readonly order: WriteOrder;
  readonly action: (document: ObjectDocument) => Promise<void>;
}

/**
 * Does something with every object of files. What is wrong with one, or is refused, is said with its place, and the
 * next one follows. Returns how many failed. Throws when no pilot answers: nothing after that can work.
 */
export async function workOnFiles(work: FileWork, terminal: Terminal): Promise<number> {
  let failures = 0;
  const fail = (...lines: readonly string[]): void => {
    failures += 1;
    for (const line of lines) terminal.complain(`${line}\n`);
  };
  const documents: RuleDocument[] = [];
  const empty: string[] = [];
  for await (const source of readSources(work.files, terminal.readInput)) {
    if ('reason' in source) {
      fail(`${source.file}: ${source.reason}`);
      continue;
    }
    const read = readDocuments(source);
    if (read.length === 0) empty.push(source.file);
    for (const document of read) {
      const mistakes = mistakesOf(document, work);
      if (mistakes.length > 0) fail(...mistakes.map(formatPlaced));
      else documents.push(document);
    }
  }
  // A file of comments among others is no mistake; nothing at all is one, as kubectl has it.
  if (documents.length === 0 && failures === 0) {
    for (const file of empty) fail(`${file}: there is no object in it`);
  }
  for (const document of inOrder(documents, work.order)) await tryObject(document, work, fail);
  return failures;
}

/** What keeps an object from being worked on. */
function mistakesOf(
  { object, problems }: RuleDocument,
  { kinds, takes }: FileWork,
): readonly PlacedProblem[] {
  const isServed = object !== undefined && findServed(kinds, object) !== undefined;
  const isNamed = isServed && typeof object.metadata.name === 'string';
  if (takes === 'named' && isNamed) return [];
  return problems.filter(({ code, severity }) =>
    code === fieldCodes.kind ? !isServed : severity === 'error',
  );
}

async function tryObject(
  document: RuleDocument,
  { action, namespace, kinds }: FileWork,
  fail: (...lines: readonly string[]) => void,
): Promise<void> {
  const { object, place } = document;
  if (object === undefined) return;
  try {
    const isPlaced = findServed(kinds, object)?.isNamespaced !== false;
    const placed = isPlaced ? inNamespace(object, namespace) : object;
    await action({ ...document, object: placed });
  } catch (error) {
    if (exitCodeOf(error) === exitCodes.noPilot || !(error instanceof OperationError)) throw error;
    if (error instanceof RefusedError && error.causes.length > 0) {
      fail(...describeCauses(document, error));
    } else fail(`${formatPlace(place)}: ${describeError(error)}`);
  }
}

function inNamespace(object: WireObject, namespace: string | undefined): WireObject {
  const { metadata } = object;
  if (namespace === undefined || metadata.namespace === namespace) return object;
  if (metadata.namespace !== undefined) {
    const text = `the object is in namespace "${metadata.namespace}", and -n says "${namespace}": leave one of them out`;
    throw new OperationError('E_NAMESPACE', text);
  }
  return { ...object, metadata: { ...metadata, namespace } };
}

function describeCauses(
  { object, placeOf }: RuleDocument,
  { causes }: RefusedError,
): readonly string[] {
  const name = object === undefined ? '' : ` ${object.kind} ${object.metadata.name}`;
  return causes.map(
    ({ field, message }) => `${formatPlace(placeOf(field))}${name}: ${field}: ${message}`,
  );
}

/** Shows what pilot warns of, with the place of the field that a warning begins with. */
export function warn(
  { placeOf }: RuleDocument,
  warnings: readonly string[],
  terminal: Terminal,
): void {
  for (const warning of warnings) {
    const field = fieldOfWarning(warning);
    const label = terminal.paintComplaint('yellow', 'Warning:');
    terminal.complain(`${label} ${formatPlace(placeOf(field))}: ${warning}\n`);
  }
}

/** The field that a warning is about: `CM0101 spec.hosts[0]: …`, with or without a code; '' when it names another object or none. */
export function fieldOfWarning(warning: string): string {
  return /^(?:CM\d{4} )?([\w.[\]-]+): /.exec(warning)?.[1] ?? '';
}
