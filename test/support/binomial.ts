import assert from 'node:assert/strict';

/**
 * That `count` of `total` is what a share of `percent` gives: at most five standard deviations away, so that a
 * right share fails the test less than once in a million runs.
 */
export function assertShare(count: number, total: number, percent: number): void {
  const share = percent / 100;
  const bound = 5 * Math.sqrt(total * share * (1 - share)) + 1;
  const away = Math.abs(count - total * share);
  assert.ok(away <= bound, `${count} of ${total} is not ${percent} % (± ${bound.toFixed(0)})`);
}
