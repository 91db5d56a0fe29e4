import { AssertionError } from 'node:assert';
import { isRoute } from './mesh/route-name.ts';
import { formatPlace } from './files/rule-files.ts';
import { lookForCopies, looksForSome } from './run/copies.ts';
import { acceptedRange, falseAlarm, sampleSize } from './run/share-test.ts';
import type { Result } from './started-mesh.ts';
import { isAt } from './mesh/targets.ts';

/** Passes when a backend of this service, SERVICE/VERSION or workload answered. */
export function assertAnsweredBy(result: Result, target: string): void {
  const { service, workload, version } = result;
  if (service !== undefined && workload !== undefined) {
    const arrival = { service, workload, ...(version === undefined ? {} : { version }) };
    if (isAt(target, arrival)) return;
  }
  fail(assertAnsweredBy, `${target} should have answered`, result);
}

/**
 * Passes when this rule decided: `VirtualService reviews`, the same with `http[0]`, `http[0].match[1]` or `tcp[0]` behind it, or
 * the name of the route.
 */
export function assertRule(result: Result, route: string): void {
  const { log } = result.observation;
  if (log !== undefined && isRoute(route, log)) return;
  fail(assertRule, `${route} should have decided`, result);
}

/** Passes when no backend answered: the caller got an error of its proxy, or nothing at all. */
export function assertUnreachable(result: Result): void {
  if (result.workload === undefined && (result.status === 0 || result.status >= 400)) return;
  fail(assertUnreachable, 'nobody should have answered', result);
}

/** Passes when this target (see assertAnsweredBy) got a copy; waits for it up to two seconds. */
export async function assertMirrored(result: Result, target: string): Promise<void> {
  const isThere = (): boolean =>
    result.arrivals.some((arrival) => arrival.mirrored && isAt(target, arrival));
  await lookForCopies(isThere, looksForSome);
  if (!isThere()) fail(assertMirrored, `${target} should have got a copy`, result);
}

/** Parts of one, by version, service, SERVICE/VERSION or workload. */
export type Split = Readonly<Record<string, number>>;

/**
 * Passes when requests are shared out as stated: each count by the exact binomial test, so that a right rule fails
 * less than once in a million runs. How many requests it takes says `requestsFor`.
 */
export function assertSplit(results: readonly Result[], split: Split): void {
  const alpha = falseAlarm / Object.keys(split).length;
  const counted = Object.entries(split).map(([target, share]) => {
    const count = results.filter((result) => answeredAt(result, target)).length;
    const { least, most } = acceptedRange(results.length, share, alpha);
    return { target, share, count, fits: count >= least && count <= most, least, most };
  });
  const known = results.filter((result) =>
    counted.some(({ target }) => answeredAt(result, target)),
  ).length;
  if (known === results.length && counted.every(({ fits }) => fits)) return;
  const lines = counted.map(
    ({ target, share, count, least, most }) =>
      `${target}: ${count} of ${results.length}, expected ${share * 100} % (${least} to ${most})`,
  );
  const others = results.length - known;
  throw new AssertionError({
    message: ['the requests are shared out otherwise', ...lines, `others: ${others}`].join('\n  '),
    actual: Object.fromEntries(counted.map(({ target, count }) => [target, count])),
    expected: Object.fromEntries(
      counted.map(({ target, least, most }) => [target, `${least} to ${most}`]),
    ),
    stackStartFn: assertSplit,
  });
}

/** How many requests tell a split from one that is off by `tolerance` (part of one) with 99.9 % probability. */
export function requestsFor(split: Split, tolerance = 0.1): number {
  const shares = Object.values(split);
  return Math.max(
    ...shares.map((share) => sampleSize(share, tolerance, falseAlarm / shares.length)),
  );
}

function answeredAt({ service, workload, version }: Result, target: string): boolean {
  return (
    service !== undefined &&
    workload !== undefined &&
    isAt(target, { service, workload, ...(version === undefined ? {} : { version }) })
  );
}

function fail(assertion: (...parameters: never) => unknown, what: string, result: Result): never {
  const { rule, status, error, workload, flags } = result;
  const who = workload === undefined ? 'no backend answered' : `${workload} answered`;
  const how = error ?? `status ${status}`;
  const place = rule?.place === undefined ? '' : ` (${formatPlace(rule.place)})`;
  const decided =
    rule === undefined ? 'no rule decided' : `${rule.object} ${rule.path}${place} decided`;
  const words = flags.length === 0 ? '' : `, flags ${flags.join(',')}`;
  throw new AssertionError({
    message: `${what}, but ${who}: ${how}${words}; ${decided}`,
    stackStartFn: assertion,
  });
}
