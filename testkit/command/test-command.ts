import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { OperationError, describeError } from '../../kit/errors.ts';
import { exitCodeOf, exitCodes } from '../../kit/exit-code.ts';
import { type Problem, formatProblem } from '../../kit/problem.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import { type LoadedSuite, type Suite, loadSuite } from '../case-file/suite.ts';
import {
  type CoverageFormat,
  coverageFormats,
  formatCoverage,
  isEnough,
} from '../coverage/coverage-report.ts';
import { findFiles, showPath } from '../files/file-pattern.ts';
import { FileWatcher } from '../files/file-watcher.ts';
import type { MeshSource } from '../mesh/mesh-under-test.ts';
import { type Reporter, report, reporters } from '../report/report.ts';
import { type RunResult, runSuites } from '../run/runner.ts';

/** The flags of `cmesh test`. */
export interface TestFlags {
  readonly reporter: string;
  readonly output?: string;
  readonly filter?: string;
  readonly watch?: boolean;
  readonly coverage?: boolean;
  readonly coverageFormat?: string;
  readonly coverageOutput?: string;
  /** Percent. */
  readonly failUnder?: string;
}

/** Where the command runs and writes. */
export interface Surroundings {
  readonly folder: string;
  readonly colours: boolean;
  /** Opens the pool: called only when there is something to run. */
  readonly openPool: () => Promise<MeshSource & Closer>;
  /** Ends the watching. */
  readonly signal: AbortSignal;
  readonly print: (text: string) => void;
  /** For people who look on: warnings, and why nothing could be run. */
  readonly complain: (text: string) => void;
}

/** What case files are called when none is named. */
export const caseFilePattern = '**/*.mesh-test.yaml';

/** `cmesh test`. Returns the exit code: 0 passed, 1 failed, 2 cannot run, 3 no pilot answers. */
export async function runTestCommand(
  patterns: readonly string[],
  flags: TestFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { complain } = surroundings;
  try {
    const reporter = readReporter(flags.reporter);
    const run = { patterns, ...flags, reporter, cover: readCoverFlags(flags) };
    return flags.watch === true ? await watch(run, surroundings) : await runOnce(run, surroundings);
  } catch (error) {
    complain(`cmesh test: ${describeError(error)}\n`);
    return exitCodeOf(error, exitCodes.usage);
  }
}

interface Run extends TestFlags {
  readonly patterns: readonly string[];
  readonly reporter: Reporter;
  /** Absent: nobody wants to know. */
  readonly cover: CoverFlags | undefined;
}

interface CoverFlags {
  readonly format: CoverageFormat;
  readonly output?: string;
  readonly failUnder?: number;
}

/** Any of the flags about coverage asks for it. */
function readCoverFlags(flags: TestFlags): CoverFlags | undefined {
  const { coverage, coverageFormat = 'text', coverageOutput: output } = flags;
  const format = coverageFormats.find((known) => known === coverageFormat);
  if (format === undefined) {
    const known = coverageFormats.join(', ');
    throw new OperationError(
      'E_USAGE',
      `--coverage-format "${coverageFormat}" is not one of ${known}`,
    );
  }
  const failUnder = readLimit(flags.failUnder);
  if (coverage !== true && output === undefined && failUnder === undefined) return undefined;
  return {
    format,
    ...(output === undefined ? {} : { output }),
    ...(failUnder === undefined ? {} : { failUnder }),
  };
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const limit = text.trim() === '' ? NaN : Number(text);
  if (limit >= 0 && limit <= 100) return limit;
  throw new OperationError('E_USAGE', `--fail-under "${text}" is not a percentage such as 90`);
}

async function runOnce(run: Run, surroundings: Surroundings): Promise<number> {
  const loaded = await loadAll(run.patterns, surroundings.folder);
  if (!isComplete(loaded)) return refuse(loaded, surroundings);
  const { signal } = surroundings;
  const pool = await surroundings.openPool();
  const end = (): void => void pool.close();
  signal.addEventListener('abort', end);
  try {
    return await judgeAll(loaded, run, pool, surroundings);
  } finally {
    signal.removeEventListener('abort', end);
    await pool.close();
  }
}

/** Runs again whenever a file changes that was read; the meshes stay warm. Ends with the signal. */
async function watch(run: Run, surroundings: Surroundings): Promise<number> {
  const { folder, signal, complain } = surroundings;
  const pool = await surroundings.openPool();
  const watcher = new FileWatcher();
  const end = (): void => void pool.close();
  signal.addEventListener('abort', end);
  try {
    for (;;) {
      const code = await runWatched(run, { pool, watcher, surroundings });
      complain('\ncmesh test: waiting for a change; Ctrl-C ends\n');
      const changed = await watcher.next(signal);
      if (changed === undefined) return code;
      complain(`\n--- ${showPath(changed, folder)} has changed ---\n\n`);
    }
  } finally {
    signal.removeEventListener('abort', end);
    watcher.close();
    await pool.close();
  }
}

interface Watching {
  readonly pool: MeshSource & Closer;
  readonly watcher: FileWatcher;
  readonly surroundings: Surroundings;
}

/** One run of many: what cannot be read is told, and watched as before. */
async function runWatched(run: Run, { pool, watcher, surroundings }: Watching): Promise<number> {
  try {
    const loaded = await loadAll(run.patterns, surroundings.folder);
    watcher.watch(loaded.flatMap(({ files }) => files));
    return isComplete(loaded)
      ? await judgeAll(loaded, run, pool, surroundings)
      : refuse(loaded, surroundings);
  } catch (error) {
    if (watcher.isIdle) throw error;
    surroundings.complain(`cmesh test: ${describeError(error)}\n`);
    return exitCodeOf(error, exitCodes.usage);
  }
}

function readReporter(name: string): Reporter {
  const known = reporters.find((reporter) => reporter === name);
  if (known !== undefined) return known;
  throw new OperationError(
    'E_REPORTER',
    `--reporter "${name}" is not one of ${reporters.join(', ')}`,
  );
}

/** Reads the case files that the patterns find. Throws OperationError `E_NO_CASES` when there are none. */
export async function loadAll(
  patterns: readonly string[],
  folder: string,
): Promise<readonly LoadedSuite[]> {
  const wanted = patterns.length === 0 ? [caseFilePattern] : patterns;
  const found = await Promise.all(wanted.map((pattern) => findCaseFiles(pattern, folder)));
  for (const [index, files] of found.entries()) {
    if (files.length > 0) continue;
    const advice = 'name case files, or call them NAME.mesh-test.yaml';
    throw new OperationError(
      'E_NO_CASES',
      `there is no case file ${wanted[index] ?? ''}; ${advice}`,
    );
  }
  const files = [...new Set(found.flat())];
  return Promise.all(files.map((file) => loadSuite(file, folder)));
}

/** In a folder those with the usual name count, so that rules and cases may lie together. */
async function findCaseFiles(pattern: string, folder: string): Promise<readonly string[]> {
  const files = await findFiles(pattern, folder);
  const [only] = files;
  const isFile = files.length === 1 && only === resolve(folder, pattern);
  if (isFile || /[*?]/.test(pattern)) return files;
  return findFiles(caseFilePattern, resolve(folder, pattern));
}

function isComplete(loaded: readonly LoadedSuite[]): boolean {
  return loaded.every(({ suite }) => suite !== undefined);
}

function refuse(loaded: readonly LoadedSuite[], { complain }: Surroundings): number {
  complain(formatProblems(loaded.flatMap(({ problems }) => problems)));
  return exitCodes.usage;
}

async function judgeAll(
  loaded: readonly LoadedSuite[],
  run: Run,
  pool: MeshSource,
  surroundings: Surroundings,
): Promise<number> {
  const { reporter, filter, output } = run;
  const { print, complain, colours, folder } = surroundings;
  const suites = loaded.flatMap(({ suite }): readonly Suite[] =>
    suite === undefined ? [] : [suite],
  );
  complain(formatProblems(loaded.flatMap(({ problems }) => problems)));
  const result = await runSuites(suites, {
    meshes: pool,
    ...(filter === undefined ? {} : { filter }),
  });
  complain(formatProblems(result.problems));
  if (result.cases.length === 0) {
    complain(`cmesh test: no case has "${filter ?? ''}" in its name\n`);
    return exitCodes.usage;
  }
  if (output === undefined) print(report(reporter, result, colours));
  else await writeFile(resolve(folder, output), report(reporter, result, false));
  const isCovered = await reportCoverage(result, run, surroundings);
  return Math.max(verdictOf(result), isCovered ? exitCodes.done : exitCodes.failed);
}

/** Whether there is enough of it. A report for programs on the standard output stays alone there. */
async function reportCoverage(
  { coverage }: RunResult,
  { cover, reporter, output }: Run,
  { print, complain, folder }: Surroundings,
): Promise<boolean> {
  if (cover === undefined) return true;
  const text = formatCoverage(coverage, cover.format);
  if (cover.output !== undefined) await writeFile(resolve(folder, cover.output), text);
  else if (reporter === 'readable' || output !== undefined) print(text);
  else complain(text);
  const enough = isEnough(coverage, cover.failUnder);
  if (!enough) {
    const percent = coverage.percent.toFixed(1);
    complain(`cmesh test: coverage is ${percent} %, under ${cover.failUnder ?? 0} %\n`);
  }
  return enough;
}

function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.map(
    (problem) => `${problem.severity === 'warning' ? 'warning: ' : ''}${formatProblem(problem)}\n`,
  );
  return [...new Set(lines)].join('');
}

function verdictOf({ cases }: RunResult): number {
  if (cases.some(({ error }) => error !== undefined)) return exitCodes.usage;
  const failed = cases.some(({ verdict }) => verdict === 'failed');
  return failed ? exitCodes.failed : exitCodes.done;
}
