/**
 * Judges whether counts are what stated shares give.
 *
 * A share p of n requests is right by the exact two-sided binomial test with equal tails (C. J. Clopper and E. S.
 * Pearson, Biometrika 26, 1934): the count must lie between `least` and `most`, where
 *
 *     P(X < least | n, p) <= a / 2    and    P(X > most | n, p) <= a / 2
 *
 * for X binomially distributed. With m shares in a file each has a = 1e-6 / m (Bonferroni's inequality: the
 * probability of any false alarm is at most the sum over all), so a right file fails less than once in a million runs.
 *
 * The number of requests follows from it: the smallest n at which a share that is really off by the tolerance t is
 * accepted with a probability of 0.001 at most,
 *
 *     P(least <= X <= most | n, p + t) <= 0.001    and    P(least <= X <= most | n, p - t) <= 0.001.
 *
 * What is plainly wrong need not be counted to the end: after 100, 200, 400 … requests a look at a / 100 each may
 * end the count. There are at most eight of them, so that with 0.9 a for the last one the sum stays below a.
 *
 * Shares of 0 and 1 leave nothing to chance: one request that goes astray is a failure, and (1 - t)^n <= 0.001.
 */

/** Highest probability that a right file fails. */
export const falseAlarm = 1e-6;
/** Highest probability that a share passes that is off by the tolerance. */
const missed = 1e-3;

/** What the looks on the way, and the one at the end, may use of the false alarm of a share. */
export const earlyPart = 0.01;
export const lastPart = 0.9;

/** After how many of `total` requests it is looked whether they are right. */
export function looksAt(total: number): readonly number[] {
  const looks: number[] = [];
  for (let look = 100; look < total; look *= 2) looks.push(look);
  return [...looks, total];
}

/** Counts that a share may give; both are included. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** P(X = k) for k = 0 … n, X binomially distributed. `share` is from 0 to 1. */
export function binomial(n: number, share: number): readonly number[] {
  if (share === 0 || share === 1) {
    return Array.from({ length: n + 1 }, (_, k) => (k === n * share ? 1 : 0));
  }
  const [log, logRest] = [Math.log(share), Math.log1p(-share)];
  let logChoose = 0;
  return Array.from({ length: n + 1 }, (_, k) => {
    if (k > 0) logChoose += Math.log((n - k + 1) / k);
    return Math.exp(logChoose + k * log + (n - k) * logRest);
  });
}

/** The counts among `n` requests that are accepted for a share, at a false alarm of `alpha`. */
export function acceptedRange(n: number, share: number, alpha: number): Range {
  const probability = binomial(n, share);
  return {
    least: tailLength(probability, alpha / 2),
    most: n - tailLength(probability.toReversed(), alpha / 2),
  };
}

/** How many of the first probabilities stay together within `limit`. */
function tailLength(probability: readonly number[], limit: number): number {
  let sum = 0;
  return probability.findIndex((one) => (sum += one) > limit);
}

/** How many requests tell a share from one that is off by `tolerance` (both from 0 to 1). */
export function sampleSize(share: number, tolerance: number, alpha: number): number {
  if (share === 0 || share === 1) {
    return tolerance >= 1 ? 1 : Math.ceil(Math.log(missed) / Math.log1p(-tolerance));
  }
  let n = 50;
  while (!tells(n, share, tolerance, alpha)) n = Math.ceil(n * 1.2);
  let low = Math.floor(n / 1.2);
  while (n - low > 10) {
    const middle = Math.floor((low + n) / 2);
    if (tells(middle, share, tolerance, alpha)) n = middle;
    else low = middle;
  }
  return n;
}

function tells(n: number, share: number, tolerance: number, alpha: number): boolean {
  const { least, most } = acceptedRange(n, share, alpha);
  return [share - tolerance, share + tolerance]
    .filter((other) => other >= 0 && other <= 1)
    .every((other) => {
      const probability = binomial(n, other).slice(least, most + 1);
      return probability.reduce((sum, one) => sum + one, 0) <= missed;
    });
}
