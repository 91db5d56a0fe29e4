import { OperationError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';
import type { Terminal } from '../../kit/terminal.ts';
import { Analysis } from '../analysis/analysis.ts';
import type { Analyzer } from '../analysis/analyzer.ts';
import { nameOf } from '../analysis/analyzer.ts';
import { analyzers } from '../analysis/analyzers.ts';
import { type DecodeResult, decodeObject } from '../api/decode.ts';
import { fieldCodes } from '../api/field-error.ts';
import type { ConfigResource } from '../api/resource.ts';
import type { RegisteredService } from '../model/service.ts';
import { analyzeExitCodes } from './analyze-exit-codes.ts';
import { type AnalyzeFormat, formatFindings } from './analyze-report.ts';
import type { Connection } from './connection.ts';
import { readResources, readServices } from './live-resources.ts';
import type { PlacedFinding, Severity } from './placed-finding.ts';
import { type RuleDocument, formatPlace, readDocuments } from './rule-documents.ts';
import { type FileChoice, readSources } from './rule-sources.ts';
import { type Suppression, isSuppressed } from './suppression.ts';

export interface AnalyzeCommand {
  readonly files: FileChoice;
  /** The mesh that files are laid over; missing: files alone. */
  readonly pilot?: Connection;
  /** The services, where somebody else than pilot says which there are. */
  readonly services?: readonly RegisteredService[];
  /** Missing: all. */
  readonly namespace?: string;
  readonly domain: string;
  readonly format: AnalyzeFormat;
  /** Problems of this severity and worse make the command fail. */
  readonly failureThreshold: Severity;
  /** Problems below this one are not shown. */
  readonly outputThreshold: Severity;
  readonly suppressions: readonly Suppression[];
  /** Names; missing: all. */
  readonly analyzers?: readonly string[];
}

/** From the worst on. */
const severities: readonly Severity[] = ['error', 'warning', 'info'];

/**
 * `cmesh analyze`: says what is wrong among objects, as `istioctl analyze` does. Exit codes are those of istioctl: 0
 * nothing, 79 problems of the threshold or worse, 65 a file cannot be read as objects.
 */
export async function analyzeFiles(command: AnalyzeCommand, terminal: Terminal): Promise<number> {
  const files = await readFiles(command.files, terminal);
  const analysis = new Analysis(command.domain, chooseAnalyzers(command.analyzers));
  const { pilot } = command;
  const services = command.services ?? (pilot && (await readServices(pilot)));
  if (services !== undefined) analysis.setServices(services);
  const live = pilot === undefined ? [] : await readResources(pilot);
  for (const resource of live) analysis.change({ kind: 'put', resource });
  for (const resource of datedAsApplied(files.objects, live)) {
    analysis.change({ kind: 'put', resource });
  }
  const places = new Map(files.objects.map((one) => [nameOf(one.resource), one.document]));
  const found = [
    ...files.findings,
    ...analysis.problems().map((one) => locate(one, places)),
  ].filter((finding) => concerns(finding, command) && !isSuppressed(finding, command.suppressions));
  const shown = found.filter(({ severity }) => isAtLeast(severity, command.outputThreshold));
  terminal.print(await formatFindings(shown, command.format, terminal.paint));
  if (shown.length === 0) terminal.complain(describeNothing(command, files.unread));
  if (found.some(({ severity }) => isAtLeast(severity, command.failureThreshold))) {
    return analyzeExitCodes.issues;
  }
  return files.unread > 0 ? analyzeExitCodes.unreadable : analyzeExitCodes.none;
}

/** `--list-analyzers`. */
export function listAnalyzers(): string {
  return analyzers
    .map(({ name, description, codes }) => `* ${name}:\n    ${description} (${codes.join(', ')})\n`)
    .join('');
}

function chooseAnalyzers(names: readonly string[] | undefined): readonly Analyzer[] {
  if (names === undefined) return analyzers;
  const stranger = names.find((name) => !analyzers.some((one) => one.name === name));
  if (stranger === undefined) return analyzers.filter(({ name }) => names.includes(name));
  throw new OperationError(
    'E_USAGE',
    `--analyzer ${stranger}: there is no such analyzer; --list-analyzers shows them`,
  );
}

interface ReadFiles {
  readonly objects: readonly {
    readonly resource: ConfigResource;
    readonly document: RuleDocument;
  }[];
  /** What validation says of the objects themselves. */
  readonly findings: readonly PlacedFinding[];
  /** Files and documents that hold no object. */
  readonly unread: number;
}

async function readFiles(choice: FileChoice, terminal: Terminal): Promise<ReadFiles> {
  const objects: ReadFiles['objects'][number][] = [];
  const findings: PlacedFinding[] = [];
  let unread = 0;
  for await (const source of readSources(choice, terminal.readInput)) {
    if ('reason' in source) {
      terminal.complain(`${source.file}: ${source.reason}\n`);
      unread += 1;
      continue;
    }
    for (const document of readDocuments(source)) {
      const decoded = decodeDocument(document);
      if (decoded?.ok === true) objects.push({ resource: decoded.resource, document });
      if (document.object === undefined) unread += 1;
      findings.push(...findingsOf(document));
    }
  }
  return { objects, findings, unread };
}

/**
 * With the creation that an apply would leave or give: where two rules claim the same, the older one counts, and a file
 * must not look older than what is in force. It is later than anything in the mesh, whose clock may be another one.
 */
function datedAsApplied(
  objects: ReadFiles['objects'],
  live: readonly ConfigResource[],
): readonly ConfigResource[] {
  const created = new Map(live.map((one) => [nameOf(one), one.metadata.creationTimestamp]));
  return objects.map(({ resource }) => {
    const { metadata } = resource;
    const own = metadata.creationTimestamp ?? afterAll;
    const creationTimestamp = created.get(nameOf(resource)) ?? own;
    return { ...resource, metadata: { ...metadata, creationTimestamp } };
  });
}

/** The last second that a creation can have (RFC 3339). */
const afterAll = '9999-12-31T23:59:59Z';

function decodeDocument({ object, isKnown }: RuleDocument): DecodeResult | undefined {
  return isKnown ? decodeObject(object, 'Ignore') : undefined;
}

/** That a field is not in force yet is said at apply; it is nothing between objects. */
function findingsOf({ problems }: RuleDocument): readonly PlacedFinding[] {
  return problems
    .filter(({ code }) => code !== fieldCodes.dormant)
    .map(({ place, ...problem }) => ({ ...problem, reference: formatPlace(place) }));
}

function locate(problem: Problem, places: ReadonlyMap<string, RuleDocument>): PlacedFinding {
  const document = places.get(problem.resource);
  return document === undefined
    ? problem
    : { ...problem, reference: formatPlace(document.placeOf(problem.path ?? '')) };
}

/** What is not about an object (a file that is no YAML) concerns everybody. */
function concerns({ resource }: Problem, { namespace }: AnalyzeCommand): boolean {
  if (namespace === undefined) return true;
  const [, found = namespace] = /^\S+ ([^/\s]+)\/\S+$/.exec(resource) ?? [];
  return found === namespace;
}

function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return severities.indexOf(severity) <= severities.indexOf(threshold);
}

function describeNothing({ files, pilot, namespace }: AnalyzeCommand, unread: number): string {
  const what = [
    ...(files.places.length === 0 ? [] : [files.places.join(', ')]),
    ...(pilot === undefined ? [] : [`the mesh at ${pilot.address.url}`]),
  ].join(' and ');
  const where = namespace === undefined ? '' : ` (namespace ${namespace})`;
  const but = unread === 0 ? '' : `, but ${unread} could not be read`;
  return `${unread === 0 ? '✔ ' : ''}No issues found in ${what}${where}${but}.\n`;
}
