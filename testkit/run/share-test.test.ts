import assert from 'node:assert/strict';
import { acceptedRange, binomial, looksAt, sampleSize } from './share-test.ts';

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('the test of shares', () => {
  it('knows the binomial distribution', () => {
    const fair = binomial(10, 0.5);
    assert.ok(Math.abs((fair[5] ?? 0) - 252 / 1024) < 1e-12);
    assert.ok(Math.abs((fair[0] ?? 0) - 1 / 1024) < 1e-12);
    assert.ok(Math.abs((binomial(3, 0.2)[1] ?? 0) - 3 * 0.2 * 0.64) < 1e-12);
    assert.ok(Math.abs(sum(binomial(5000, 0.037)) - 1) < 1e-9);
    assert.deepEqual(
      [binomial(2, 0), binomial(2, 1)],
      [
        [1, 0, 0],
        [0, 0, 1],
      ],
    );
  });

  // The bounds are those of tables of the two-sided sign test and of R: qbinom(c(0.025, 0.975), n, p).
  it('accepts what statisticians accept', () => {
    assert.deepEqual(
      [acceptedRange(100, 0.5, 0.05), acceptedRange(20, 0.5, 0.05), acceptedRange(10, 0.5, 0.05)],
      [
        { least: 40, most: 60 },
        { least: 6, most: 14 },
        { least: 2, most: 8 },
      ],
    );
  });

  it('refuses a right share as seldom as it says', () => {
    for (const [n, share, alpha] of [
      [1600, 0.5, 1e-6],
      [811, 0.1, 1e-7],
      [60, 0.9, 1e-3],
    ] as const) {
      const { least, most } = acceptedRange(n, share, alpha);
      const probability = binomial(n, share);
      const refused = (from: number, to: number): number =>
        1 - sum(probability.slice(from, to + 1));
      assert.ok(refused(least, most) <= alpha * 1.0001);
      assert.ok(sum(probability.slice(0, least + 1)) > alpha / 2, 'least could be more');
      assert.ok(sum(probability.slice(most)) > alpha / 2, 'most could be less');
    }
  });

  it('sends as many requests as tell a share from another one, and not many more', () => {
    for (const share of [0.5, 0.9, 0.02, 1 / 3]) {
      const size = sampleSize(share, 0.1, 1e-6);
      const worst = (n: number): number => {
        const { least, most } = acceptedRange(n, share, 1e-6);
        const others = [share - 0.1, share + 0.1].filter((other) => other >= 0 && other <= 1);
        return Math.max(...others.map((other) => sum(binomial(n, other).slice(least, most + 1))));
      };
      assert.ok(worst(size) <= 1e-3, `${size} requests are enough for ${share}`);
      assert.ok(worst(Math.floor(size * 0.9)) > 1e-3, `${size} requests are needed for ${share}`);
    }
  });

  it('leaves nothing to chance where all or nobody is meant', () => {
    // 0.9^66 = 0.00096, 0.9^65 = 0.00106
    assert.deepEqual([sampleSize(0, 0.1, 1e-6), sampleSize(1, 0.1, 1e-6)], [66, 66]);
  });

  it('looks at the counts on the way, at most eight times', () => {
    assert.deepEqual(
      [looksAt(66), looksAt(100), looksAt(811)],
      [[66], [100], [100, 200, 400, 800, 811]],
    );
    assert.ok(looksAt(20_000).length - 1 <= 8);
  });
});
