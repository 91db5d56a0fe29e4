import assert from 'node:assert/strict';
import { parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it('reads what Go reads', () => {
    const cases = [
      '1.5s',
      '200ms',
      '1h30m',
      '0',
      '0s',
      '.5s',
      '1.s',
      '-2m',
      '+3s',
      '1us',
      '1µs',
      '2ns',
    ];
    assert.deepEqual(
      cases.map((text) => [text, parseDuration(text)]),
      [
        ['1.5s', 1500],
        ['200ms', 200],
        ['1h30m', 5_400_000],
        ['0', 0],
        ['0s', 0],
        ['.5s', 500],
        ['1.s', 1000],
        ['-2m', -120_000],
        ['+3s', 3000],
        ['1us', 0.001],
        ['1µs', 0.001],
        ['2ns', 0.000002],
      ],
    );
  });

  it('refuses what Go refuses', () => {
    const cases = [
      '',
      '5',
      's',
      '1d',
      '1 s',
      ' 1s',
      '1s ',
      '1,5s',
      '--1s',
      '.s',
      '1S',
      'abc',
      '1s2',
    ];
    assert.deepEqual(
      cases.filter((text) => parseDuration(text) !== undefined),
      [],
    );
  });
});
