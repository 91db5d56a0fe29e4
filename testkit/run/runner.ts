import { forEachConcurrently } from '../../kit/concurrent.ts';
import { describeError } from '../../kit/errors.ts';
import type { Problem } from '../../kit/problem.ts';
import type { ResourceSet } from '../../pilot/api/resource.ts';
import type { Suite, SuiteCase } from '../case-file/suite.ts';
import { type Coverage, type Reached, coverRules, mergeCoverage } from '../coverage/coverage.ts';
import { type Passed, findPassed } from '../coverage/passed-rules.ts';
import { type FilePlace, placeOfRule, placeProblem } from '../files/rule-files.ts';
import type { MeshSource, MeshUnderTest } from '../mesh/mesh-under-test.ts';
import type { Observation } from '../mesh/observation.ts';
import { lookForCopies, looksForNone } from './copies.ts';
import type { Check } from './judge.ts';
import { alphaOf, runCase } from './run-case.ts';

/** What came of one case, for those who report it. */
export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  /** As it was sent, such as `GET http://reviews:9080/`. */
  readonly request: string;
  readonly from: string;
  /** `unjudged`: nothing is wrong, and something could not be seen. */
  readonly verdict: 'passed' | 'failed' | 'unjudged';
  readonly checks: readonly Check[];
  /** How often the request was sent. */
  readonly requests: number;
  /** Milliseconds. */
  readonly took: number;
  readonly decision?: Decision;
  readonly shown?: Observation;
  /** Why the case could not be tried. */
  readonly error?: string;
}

/** Which rule decided on a request that was not as expected, and why no earlier one did. */
export interface Decision {
  readonly rule: string;
  readonly path: string;
  readonly place?: FilePlace;
  readonly passed: readonly Passed[];
}

export interface RunResult {
  readonly cases: readonly CaseResult[];
  /** Warnings of the rules in the mesh, such as a subset that nobody has. */
  readonly problems: readonly Problem[];
  /** Milliseconds. */
  readonly took: number;
  /** What the cases reached of all rules. */
  readonly coverage: Coverage;
}

export interface RunOptions {
  readonly meshes: MeshSource;
  /** Cases whose names contain this. */
  readonly filter?: string;
}

/** How many cases had each verdict. */
export function countVerdicts(
  cases: readonly CaseResult[],
): Readonly<Record<CaseResult['verdict'], number>> {
  const count = (verdict: CaseResult['verdict']): number =>
    cases.filter((one) => one.verdict === verdict).length;
  return { passed: count('passed'), failed: count('failed'), unjudged: count('unjudged') };
}

/** Cases of a mesh that are tried at the same time. */
const caseConcurrency = 8;

/** Tries the cases of all suites. A case that cannot be tried is a result too. */
export async function runSuites(
  suites: readonly Suite[],
  { meshes, filter = '' }: RunOptions,
): Promise<RunResult> {
  const start = performance.now();
  const wanted = suites.map((suite) => ({
    ...suite,
    cases: suite.cases.filter(({ name }) => name.includes(filter)),
  }));
  const runs = await Promise.all(
    wanted.filter(({ cases }) => cases.length > 0).map((suite) => runSuite(suite, meshes)),
  );
  return {
    cases: runs.flatMap(({ cases }) => cases),
    problems: uniqueBy(
      runs.flatMap(({ problems }) => problems),
      (problem) => JSON.stringify(problem),
    ),
    took: Math.round(performance.now() - start),
    coverage: mergeCoverage(runs.map(({ coverage }) => coverage)),
  };
}

function uniqueBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [keyOf(value), value])).values()];
}

async function runSuite(suite: Suite, meshes: MeshSource): Promise<Omit<RunResult, 'took'>> {
  const { services, rules, cases } = suite;
  const reached: Reached[] = [];
  if (remembers(rules.resources)) return runOneByOne(suite, meshes);
  return meshes.lend(services, rules.resources, async (mesh) => {
    await mesh.prepare(cases.map(({ caller }) => caller));
    const options = { alpha: alphaOf(suite.cases), concurrency: mesh.concurrency };
    const results = new Map<SuiteCase, CaseResult>();
    await forEachConcurrently(cases, caseConcurrency, async (entry) => {
      results.set(entry, await tryCase(suite, entry, record(mesh, reached), options));
    });
    await untilCopied(mesh, rules.resources);
    return {
      cases: cases.flatMap((entry) => results.get(entry) ?? []),
      problems: mesh.problems.map((problem) => placeProblem(rules, problem)),
      coverage: coverRules(rules, reached),
    };
  });
}

/** Whether earlier requests change what becomes of later ones: then each case has a mesh of its own. */
function remembers(rules: ResourceSet): boolean {
  return rules.some((rule) => {
    if (rule.kind !== 'DestinationRule') return false;
    const { trafficPolicy, subsets = [] } = rule.spec;
    const text = JSON.stringify([trafficPolicy, subsets]);
    return text.includes('"outlierDetection"') || text.includes('"connectionPool"');
  });
}

async function runOneByOne(suite: Suite, meshes: MeshSource): Promise<Omit<RunResult, 'took'>> {
  const { services, rules, cases } = suite;
  const alpha = alphaOf(cases);
  const results: CaseResult[] = [];
  const problems: Problem[] = [];
  const reached: Reached[] = [];
  for (const entry of cases) {
    await meshes.lendFresh(services, rules.resources, async (mesh) => {
      results.push(await tryCase(suite, entry, record(mesh, reached), { alpha, concurrency: 1 }));
      await untilCopied(mesh, rules.resources);
      problems.push(...mesh.problems.map((problem) => placeProblem(rules, problem)));
    });
  }
  return { cases: results, problems, coverage: coverRules(rules, reached) };
}

/** Copies have reached something, too, and may come after the last answer. */
async function untilCopied({ backends }: MeshUnderTest, rules: ResourceSet): Promise<void> {
  const copies = rules.some(
    (rule) =>
      rule.kind === 'VirtualService' &&
      (rule.spec.http ?? []).some(({ mirror, mirrors }) => (mirror ?? mirrors) !== undefined),
  );
  if (copies && backends !== 'foreign') await lookForCopies(() => false, looksForNone);
}

/** The same mesh, which remembers what was seen. */
function record(mesh: MeshUnderTest, reached: Reached[]): MeshUnderTest {
  const { backends } = mesh;
  return {
    ...(backends === undefined ? {} : { backends }),
    close: () => undefined,
    call: async (caller, request, plan) => {
      const seen = await mesh.call(caller, request, plan);
      reached.push(seen);
      return seen;
    },
  };
}

async function tryCase(
  suite: Suite,
  entry: SuiteCase,
  mesh: MeshUnderTest,
  options: Parameters<typeof runCase>[2],
): Promise<CaseResult> {
  const start = performance.now();
  const common = {
    file: suite.path,
    line: entry.place.line,
    name: entry.name,
    request: describeRequest(entry),
    from: entry.caller.workload,
  };
  const took = (): number => Math.round(performance.now() - start);
  try {
    const run = await runCase(entry, mesh, options);
    const verdict = verdictOf(run.checks);
    const decision =
      verdict === 'failed' && run.shown !== undefined
        ? decisionOf(suite, entry, run.shown)
        : undefined;
    const more = decision === undefined ? {} : { decision };
    return { ...common, verdict, ...run, took: took(), ...more };
  } catch (error) {
    const message = describeError(error);
    return { ...common, verdict: 'failed', checks: [], requests: 0, took: took(), error: message };
  }
}

function describeRequest({ request: { method, url, headers } }: SuiteCase): string {
  if (url.startsWith('tcp:')) return `connection to ${url}`;
  const shown = Object.entries(headers).map(([name, value]) => `, ${name}: ${value}`);
  return `${method} ${url}${shown.join('')}`;
}

function verdictOf(checks: readonly Check[]): CaseResult['verdict'] {
  const verdicts = checks.map(({ verdict }) => verdict);
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('unjudged') ? 'unjudged' : 'passed';
}

function decisionOf(
  { rules }: Suite,
  entry: SuiteCase,
  { log }: Observation,
): Decision | undefined {
  const passed = findPassed(rules, entry, log);
  if (log?.rule === undefined) {
    return passed.length === 0 ? undefined : { rule: 'no rule', path: '', passed };
  }
  const path = log.rulePath ?? '';
  const place = placeOfRule(rules, log.rule, path);
  return { rule: log.rule, path, ...(place === undefined ? {} : { place }), passed };
}
