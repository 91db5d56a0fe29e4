import { exitCodes } from '../../kit/exit-code.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { type PlacedProblem, formatPlaced, readDocuments } from './rule-documents.ts';
import { createRepeatFinder } from './repeated-objects.ts';
import { type FileChoice, readSources } from './rule-sources.ts';

export interface ValidateCommand {
  readonly files: FileChoice;
  /** Missing: lines for people. */
  readonly format?: 'json';
  /** Warnings count as mistakes. */
  readonly isStrict: boolean;
}

/** What was found, in the form of `-o json`. */
interface Findings {
  readonly objects: number;
  readonly problems: readonly object[];
  readonly errors: number;
  readonly warnings: number;
}

/**
 * `cmesh validate`: says all that is wrong in files, without a pilot. Exit codes: 0 pilot would take them, 1 something
 * is wrong, 2 a file cannot be read.
 */
export async function validateFiles(
  { files, format, isStrict }: ValidateCommand,
  terminal: Terminal,
): Promise<number> {
  const found: PlacedProblem[] = [];
  const repeated = createRepeatFinder();
  let objects = 0;
  let unread = 0;
  for await (const source of readSources(files, terminal.readInput)) {
    if ('reason' in source) {
      terminal.complain(`${source.file}: ${source.reason}\n`);
      unread += 1;
      continue;
    }
    const documents = readDocuments(source);
    objects += documents.filter(({ isKnown }) => isKnown).length;
    found.push(...documents.flatMap((document) => [...document.problems, ...repeated(document)]));
  }
  const errors = found.filter(({ severity }) => severity === 'error').length;
  const warnings = found.length - errors;
  if (format === 'json') {
    const findings: Findings = { objects, errors, warnings, problems: found.map(flatten) };
    terminal.print(`${JSON.stringify(findings, undefined, 2)}\n`);
  } else showFindings(found, { objects, errors, warnings }, terminal);
  if (unread > 0) return exitCodes.usage;
  return errors > 0 || (isStrict && warnings > 0) ? exitCodes.failed : exitCodes.done;
}

function flatten({ place, ...problem }: PlacedProblem): object {
  return { ...place, ...problem };
}

function showFindings(
  problems: readonly PlacedProblem[],
  { objects, errors, warnings }: Omit<Findings, 'problems'>,
  { print, paint }: Terminal,
): void {
  for (const problem of problems) {
    const colour = problem.severity === 'error' ? 'red' : 'yellow';
    print(`${paint(colour, problem.severity)} ${formatPlaced(problem)}\n`);
  }
  const counted = [
    ...(errors > 0 ? [count(errors, 'mistake')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  const verdict = counted.length === 0 ? 'nothing is wrong' : counted.join(', ');
  print(`${count(objects, 'object')}: ${verdict}\n`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
