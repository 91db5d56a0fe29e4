import { OperationError } from '../../kit/errors.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { placeOfObject } from './object-client.ts';
import { type RuleDocument, formatPlaced, readDocuments } from './rule-documents.ts';
import { type FileChoice, readSources } from './rule-sources.ts';
import type { Selection } from './selection.ts';
import { type ServedKind, findServed } from './served-kinds.ts';

/** The objects that files name, whatever else they say. Throws OperationError `E_USAGE` when a file cannot be read. */
export async function selectFromFiles(
  files: FileChoice,
  kinds: readonly ServedKind[],
  terminal: Terminal,
): Promise<readonly Selection[]> {
  const selections: Selection[] = [];
  for await (const source of readSources(files, terminal.readInput)) {
    if ('reason' in source) throw new OperationError('E_USAGE', `${source.file}: ${source.reason}`);
    selections.push(
      ...readDocuments(source).flatMap((document) => select(document, kinds, terminal)),
    );
  }
  return selections;
}

function select(
  { object, problems }: RuleDocument,
  kinds: readonly ServedKind[],
  { complain }: Terminal,
): readonly Selection[] {
  if (object !== undefined && findServed(kinds, object) !== undefined) {
    return [placeOfObject(kinds, object)];
  }
  complain(problems.map((problem) => `${formatPlaced(problem)}\n`).join(''));
  return [];
}
