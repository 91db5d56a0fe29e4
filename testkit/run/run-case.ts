import { forEachConcurrently } from '../../kit/concurrent.ts';
import type { PlannedBehaviour } from '../case-file/case-file.ts';
import type { Expectation } from '../case-file/expectation.ts';
import type { SuiteCase } from '../case-file/suite.ts';
import type { Behaviour } from '../mesh/backend.ts';
import type { CallPlan, MeshUnderTest } from '../mesh/mesh-under-test.ts';
import type { Arrival, Observation } from '../mesh/observation.ts';
import { isAt } from '../mesh/targets.ts';
import { lookForCopies, looksForNone, looksForSome } from './copies.ts';
import { type Check, answerer, describeFailure, hasFault, isMirroredTo, judge } from './judge.ts';
import {
  acceptedRange,
  earlyPart,
  falseAlarm,
  lastPart,
  looksAt,
  sampleSize,
} from './share-test.ts';

/** What came of a case. */
export interface CaseRun {
  readonly checks: readonly Check[];
  /** How often the request was sent. */
  readonly requests: number;
  /** A request that was not as expected; else the first one. */
  readonly shown?: Observation;
}

export interface CaseOptions {
  /** Probability at which one share of this file may be a false alarm. */
  readonly alpha: number;
  /** Requests of the case that are on their way at the same time. */
  readonly concurrency: number;
}

/** How often a request is sent whose expectation names who answers: a version of half the traffic is noticed. */
const repetitions = 10;

/** The probability of a false alarm that each share of a file may have. */
export function alphaOf(cases: readonly Pick<SuiteCase, 'expect'>[]): number {
  const shares = cases.flatMap(({ expect }) => sharesOf(expect)).filter((share) => share % 1 !== 0);
  return falseAlarm / Math.max(1, shares.length);
}

function sharesOf({ split = [], fault }: Expectation): readonly number[] {
  return [...split.map(({ share }) => share), ...(fault === undefined ? [] : [fault.share])];
}

/** How often the request of a case must be sent to be judged. */
export function requestsOf({ expect, requests = 0, tolerance }: SuiteCase, alpha: number): number {
  const { service, version, subset, host, route } = expect;
  const named = [service, version, subset, host, route].some((key) => key !== undefined);
  const sizes = sharesOf(expect).map((share) => sampleSize(share, tolerance, alpha * lastPart));
  return Math.max(requests, 1, named && requests === 0 ? repetitions : 0, ...sizes);
}

/** Tries a case in a mesh. What cannot be seen there is `unjudged`, and never passes. */
export async function runCase(
  entry: SuiteCase,
  mesh: MeshUnderTest,
  { alpha, concurrency }: CaseOptions,
): Promise<CaseRun> {
  const { expect } = entry;
  if (mesh.backends === 'foreign' && entry.when.length > 0) {
    const seen = 'nobody can tell the backends of this mesh what to do';
    const check = { what: 'when', verdict: 'unjudged', expected: '', seen } as const;
    return { checks: [check], requests: 0 };
  }
  const observations = await observe(entry, mesh, { alpha, concurrency });
  const judged = observations.map((seen) => ({ seen, checks: judge(expect, seen, mesh.backends) }));
  const checks = [
    ...combine(judged.map((one) => one.checks)),
    ...judgeShares(expect, observations, alpha * lastPart),
  ];
  const shown =
    judged.find((one) => one.checks.some(({ verdict }) => verdict === 'failed'))?.seen ??
    observations[0];
  return {
    checks,
    requests: observations.length,
    ...(shown === undefined ? {} : { shown }),
  };
}

/** Sends the request as often as it is needed, or until it is plain that something is wrong. */
async function observe(
  entry: SuiteCase,
  mesh: MeshUnderTest,
  { alpha, concurrency }: CaseOptions,
): Promise<readonly Observation[]> {
  const { expect } = entry;
  const total = requestsOf(entry, alpha);
  const observations: Observation[] = [];
  // Whoever waits uses no time: all requests that a fault delays may wait together.
  const patient = waits(entry);
  for (const look of patient ? [total] : looksAt(total)) {
    const missing = Array.from({ length: look - observations.length });
    await forEachConcurrently(missing, patient ? total : concurrency, async () => {
      const seen = await mesh.call(entry.caller, entry.request, planOf(entry));
      if (mesh.backends !== 'foreign') await untilCopied(expect.mirror, seen);
      observations.push(seen);
    });
    const checks = [
      ...observations.flatMap((seen) => judge(expect, seen, mesh.backends)),
      ...judgeShares(expect, observations, alpha * earlyPart),
    ];
    if (checks.some(({ verdict }) => verdict === 'failed')) break;
  }
  return observations;
}

function judgeShares(
  expect: Expectation,
  observations: readonly Observation[],
  alpha: number,
): readonly Check[] {
  return [...judgeFault(expect, observations, alpha), ...judgeSplit(expect, observations, alpha)];
}

function waits({ expect, when }: SuiteCase): boolean {
  return (
    expect.fault?.delay !== undefined || when.some(({ behaviour }) => behaviour.delay !== undefined)
  );
}

/** A caller gives up when the answer would be too late anyway. */
function planOf({ expect, when }: SuiteCase): CallPlan {
  const { took, fault } = expect;
  const longest = Math.max(took?.most ?? 0, fault?.delay ?? 0);
  return {
    ...(when.length === 0 ? {} : { behaviourOf: behave(when) }),
    ...(longest === 0 ? {} : { timeout: Math.max(longest * 1.2, longest + 2000) }),
  };
}

/** What the backends do with one request, counting its tries. */
function behave(when: readonly PlannedBehaviour[]): (arrival: Arrival) => Behaviour | undefined {
  const tries = new Map<PlannedBehaviour, number>();
  return (arrival) => {
    if (arrival.mirrored) return undefined;
    const plan =
      when.find(({ target }) => target.includes('/') && isAt(target, arrival)) ??
      when.find(({ target }) => isAt(target, arrival));
    if (plan === undefined) return undefined;
    const earlier = tries.get(plan) ?? 0;
    tries.set(plan, earlier + 1);
    return plan.times === undefined || earlier < plan.times ? plan.behaviour : undefined;
  };
}

async function untilCopied(
  mirror: readonly string[] | undefined,
  { arrivals }: Observation,
): Promise<void> {
  if (mirror === undefined) return;
  if (mirror.length === 0) return lookForCopies(() => false, looksForNone);
  await lookForCopies(() => isMirroredTo(mirror, arrivals), looksForSome);
}

/** One verdict for each expectation: all requests must be as expected. */
function combine(all: readonly (readonly Check[])[]): readonly Check[] {
  const [first = []] = all;
  return first.map((check, index) => {
    const same = all.flatMap((checks) => checks[index] ?? []);
    const failed = same.filter(({ verdict }) => verdict === 'failed');
    const [worst] = failed;
    if (worst === undefined) return same.find(({ verdict }) => verdict === 'unjudged') ?? check;
    const often = same.length === 1 ? '' : ` (${failed.length} of ${same.length} requests)`;
    return { ...worst, seen: `${worst.seen}${often}` };
  });
}

function judgeFault(
  { fault }: Expectation,
  observations: readonly Observation[],
  alpha: number,
): readonly Check[] {
  if (fault === undefined) return [];
  const { delay: delayed, abort, share } = fault;
  const parts = [
    ...(delayed === undefined ? [] : [`delay ${delayed} ms`]),
    ...(abort === undefined ? [] : [`abort ${abort}`]),
  ];
  const hits = observations.filter((seen) => hasFault(fault, seen)).length;
  const other = observations.find((seen) => !hasFault(fault, seen));
  const note = other === undefined || share < 1 ? '' : `; one was ${describeAnswer(other)}`;
  const what = `fault of ${parts.join(' and ')}`;
  return [judgeShare(what, { hits, total: observations.length, share, note }, alpha)];
}

function describeAnswer({ outcome, log }: Observation): string {
  const result = outcome.kind === 'answer' ? `answered ${outcome.status}` : outcome.reason;
  return `${result} after ${log?.duration ?? outcome.took} ms`;
}

function judgeSplit(
  { split = [] }: Expectation,
  observations: readonly Observation[],
  alpha: number,
): readonly Check[] {
  if (split.length === 0) return [];
  const total = observations.length;
  const targetOf = (seen: Observation): string | undefined => {
    const backend = answerer(seen);
    return backend && split.find(({ target }) => isAt(target, backend))?.target;
  };
  const targets = observations.map(targetOf);
  const strays = observations.filter((_, index) => targets[index] === undefined);
  const [stray] = strays;
  return [
    ...split.map(({ target, share }) => {
      const hits = targets.filter((name) => name === target).length;
      return judgeShare(`share of ${target}`, { hits, total, share, note: '' }, alpha);
    }),
    ...(stray === undefined
      ? []
      : [
          {
            what: 'split',
            verdict: 'failed' as const,
            expected: `only ${split.map(({ target }) => target).join(', ')}`,
            seen: `${strays.length} of ${total} requests got to ${nameAnswerer(stray)}`,
          },
        ]),
  ];
}

function nameAnswerer(seen: Observation): string {
  const backend = answerer(seen);
  if (backend === undefined) return describeFailure(seen);
  return [backend.service, backend.version].filter(Boolean).join('/');
}

interface Count {
  readonly hits: number;
  readonly total: number;
  readonly share: number;
  readonly note: string;
}

function judgeShare(what: string, { hits, total, share, note }: Count, alpha: number): Check {
  const exact = share % 1 === 0;
  const { least, most } = exact
    ? { least: share * total, most: share * total }
    : acceptedRange(total, share, alpha);
  const range = exact ? '' : ` (${least} to ${most} of ${total})`;
  return {
    what,
    verdict: hits >= least && hits <= most ? 'passed' : 'failed',
    expected: `${formatPercent(share)}${range}`,
    seen: `${formatPercent(hits / total)} (${hits} of ${total})${note}`,
  };
}

function formatPercent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
