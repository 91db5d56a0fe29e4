import { OperationError } from '../../kit/errors.ts';
import { exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import type { Connection } from './connection.ts';
import {
  type InTheEnd,
  judgePlanned,
  judgeWritten,
  readAnalysisWarning,
  showAnalysisWarning,
} from './end-state.ts';
import { type ObjectDocument, warn, workOnFiles } from './file-objects.ts';
import { type ObjectClient, openObjectClient, placeOfObject } from './object-client.ts';
import { type ObjectFormat, type ServedObject, printObjects } from './print-objects.ts';
import { createRepeatFinder } from './repeated-objects.ts';
import type { FileChoice } from './rule-sources.ts';
import { type ServedKind, showObject } from './served-kinds.ts';
import { RefusedError, type WireObject, saysSame } from './wire-object.ts';

/** Who judges, and whether anything is written. */
export type DryRun = 'none' | 'client' | 'server';

export interface ApplyCommand {
  readonly files: FileChoice;
  /** The namespace of objects that name none. */
  readonly namespace?: string;
  readonly dryRun: DryRun;
  /** Missing: what became of each object, in the words of kubectl. */
  readonly format?: ObjectFormat;
}

/**
 * `cmesh apply`: makes pilot have what files say. One mistake does not stop the rest. What others refer to is written
 * first, and the analysis warns of what is wrong when all is written. Exit codes: 0 all done, 1 something was refused.
 * Throws OperationError `E_PILOT_UNREACHABLE`, `E_PILOT_DENIED`.
 */
export async function applyFiles(
  pilot: Connection,
  command: ApplyCommand,
  terminal: Terminal,
): Promise<number> {
  const client = await openObjectClient(pilot);
  const { files, namespace, dryRun, format } = command;
  const done: Done[] = [];
  const repeated = createRepeatFinder();
  const action = async (document: ObjectDocument): Promise<void> => {
    const applied = await applyObject(client, document.object, dryRun);
    const { kind, object, outcome, warnings } = applied;
    const ofAnalysis = warnings.filter(isOfAnalysis);
    const ofFiles = repeated(document).map(({ resource, message }) => `${resource} ${message}`);
    warn(document, [...ofFiles, ...without(warnings, ofAnalysis)], terminal);
    done.push({ kind, object, document, warnings: ofAnalysis });
    if (format !== undefined) return;
    const name = showObject(kind, object.metadata.name);
    terminal.print(`${name} ${paintOutcome(outcome, terminal)}${trialNote(dryRun)}\n`);
  };
  const failures = await workOnFiles(
    { files, kinds: client.kinds, namespace, takes: 'valid', order: 'referred to first', action },
    terminal,
  );
  await warnOfEndState({ pilot, client, dryRun, done }, terminal);
  if (format !== undefined && done.length > 0) {
    terminal.print(await printObjects(done, { format, isSingle: true }));
  }
  return failures > 0 ? exitCodes.failed : exitCodes.done;
}

/** An object that is applied, and what the analysis said then. */
interface Done extends ServedObject {
  readonly document: ObjectDocument;
  readonly warnings: readonly string[];
}

interface Work {
  readonly pilot: Connection;
  readonly client: ObjectClient;
  readonly dryRun: DryRun;
  readonly done: readonly Done[];
}

/** Shows what the analysis says, without what a later object of the same command has put right. */
async function warnOfEndState(work: Work, terminal: Terminal): Promise<void> {
  const warned = lastOfEach(work.done).filter(({ warnings }) => warnings.length > 0);
  if (warned.length === 0) return;
  const inTheEnd = await openJudge(work);
  for (const { document, object, warnings } of warned) {
    const shown = new Set<string>();
    for (const text of warnings) {
      const warning = readAnalysisWarning(text);
      const left = warning && (await inTheEnd(warning, object));
      if (left !== undefined) shown.add(showAnalysisWarning(left));
      // The line that says how many more there are is about those before it.
      else if (warning === undefined && shown.size > 0) shown.add(text);
    }
    warn(document, [...shown], terminal);
  }
}

/** Of an object that came twice, only the last document is what pilot has in the end. */
function lastOfEach(done: readonly Done[]): readonly Done[] {
  const last = new Map(
    done.map((one) => {
      const { kind, object } = one;
      const { namespace = '', name } = object.metadata;
      return [`${showObject(kind, name)} ${namespace}`, one];
    }),
  );
  const counting = new Set(last.values());
  return done.filter((one) => counting.has(one));
}

async function openJudge({ pilot, client, dryRun, done }: Work): Promise<InTheEnd> {
  // Where one object is the whole command, its warnings are about the end already.
  if (done.length === 1) return (warning) => Promise.resolve(warning);
  if (dryRun === 'none') return judgeWritten(client);
  return judgePlanned(
    pilot,
    done.map(({ object }) => object),
  );
}

/** Its warnings begin with a code, and the line that says how many more there are with a word. */
function isOfAnalysis(warning: string): boolean {
  return readAnalysisWarning(warning) !== undefined || warning.startsWith('analysis: ');
}

function without<T>(all: readonly T[], some: readonly T[]): readonly T[] {
  return all.filter((one) => !some.includes(one));
}

/** What became of an object. */
type Outcome = 'created' | 'configured' | 'unchanged';

interface Applied extends ServedObject {
  readonly outcome: Outcome;
  readonly warnings: readonly string[];
}

async function applyObject(
  client: ObjectClient,
  object: WireObject,
  dryRun: DryRun,
): Promise<Applied> {
  const place = placeOfObject(client.kinds, object);
  const { kind } = place;
  const stored = await client.get(place);
  if (stored !== undefined && !kind.verbs.includes('update')) {
    return { kind, object: stored, outcome: 'unchanged', warnings: [] };
  }
  const wanted = stored === undefined ? object : over(stored, object);
  const { object: written, warnings } = await write(client, wanted, {
    kind,
    isNew: stored === undefined,
    dryRun,
  });
  return { kind, object: written, outcome: compare(stored, written), warnings };
}

function compare(stored: WireObject | undefined, written: WireObject): Outcome {
  if (stored === undefined) return 'created';
  return saysSame(stored, written) ? 'unchanged' : 'configured';
}

interface Writing {
  readonly kind: ServedKind;
  readonly isNew: boolean;
  readonly dryRun: DryRun;
}

async function write(
  client: ObjectClient,
  object: WireObject,
  { isNew, dryRun }: Writing,
): Promise<{ readonly object: WireObject; readonly warnings: readonly string[] }> {
  if (dryRun === 'client') return { object, warnings: [] };
  const place = placeOfObject(client.kinds, object);
  const choice = { isTrial: dryRun === 'server' };
  try {
    return await (isNew
      ? client.create(place, object, choice)
      : client.replace(place, object, choice));
  } catch (error) {
    throw adviseOnConflict(error, object);
  }
}

/** A version in a file is a promise that nobody has written since. */
function adviseOnConflict(error: unknown, { metadata }: WireObject): unknown {
  const { resourceVersion, name } = metadata;
  if (!(error instanceof RefusedError) || error.status !== 409 || resourceVersion === undefined) {
    return error;
  }
  const advice = `the file names metadata.resourceVersion ${resourceVersion}, and ${name} has been written since: take that line out of the file to write all the same, or begin with what \`cmesh get -o yaml\` shows now`;
  return new OperationError('E_CONFLICT', `${error.message}; ${advice}`);
}

/** What the file says, with the annotations that others have put on the object, such as kubectl. */
export function over(stored: WireObject, object: WireObject): WireObject {
  const annotations = { ...stored.metadata.annotations, ...object.metadata.annotations };
  if (Object.keys(annotations).length === 0) return object;
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function paintOutcome(outcome: Outcome, { paint }: Terminal): string {
  return outcome === 'unchanged' ? outcome : paint('green', outcome);
}

/** As kubectl says it. */
export function trialNote(dryRun: DryRun): string {
  if (dryRun === 'none') return '';
  return dryRun === 'server' ? ' (server dry run)' : ' (dry run)';
}
