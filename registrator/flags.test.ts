import assert from 'node:assert/strict';
import { parseFlags } from './flags.ts';

describe('parseFlags', () => {
  const kinds = { internal: 'boolean', resync: 'integer', tags: 'text' } as const;
  const read = (...argv: string[]): unknown => {
    const { booleans, integers, texts, rest, help, mistakes } = parseFlags(argv, kinds);
    const values = Object.fromEntries<unknown>([...booleans, ...integers, ...texts]);
    return { values, rest, help, mistakes };
  };
  const clean = { values: {}, rest: [], help: false, mistakes: [] };
  const cases: readonly (readonly [string, string[], object])[] = [
    ['one dash and a space', ['-resync', '5'], { values: { resync: 5 } }],
    ['two dashes and a space', ['--resync', '5'], { values: { resync: 5 } }],
    ['an equals sign', ['-resync=5', '--tags=a=b'], { values: { resync: 5, tags: 'a=b' } }],
    ['a value that starts with a dash', ['-resync', '-1'], { values: { resync: -1 } }],
    [
      'a boolean alone',
      ['-internal', 'consul:'],
      { values: { internal: true }, rest: ['consul:'] },
    ],
    ['a boolean with a value', ['-internal=false'], { values: { internal: false } }],
    ['the last of two', ['-resync=1', '-resync=2'], { values: { resync: 2 } }],
    ['an empty text', ['-tags='], { values: { tags: '' } }],
    [
      'the end at the first plain word',
      ['consul:', '-internal'],
      { rest: ['consul:', '-internal'] },
    ],
    ['the end at two dashes', ['--', '-internal'], { rest: ['-internal'] }],
    ['a lone dash as a word', ['-'], { rest: ['-'] }],
    ['help', ['-h'], { help: true }],
    [
      'every mistake at once',
      ['-nope', '-resync', 'x', '-internal=maybe', '-tags'],
      {
        mistakes: [
          'flag provided but not defined: -nope',
          'invalid value "x" for flag -resync',
          'invalid value "maybe" for flag -internal',
          'flag needs an argument: -tags',
        ],
      },
    ],
  ];
  for (const [what, argv, expected] of cases) {
    it(`reads ${what}`, () => {
      assert.deepEqual(read(...argv), { ...clean, ...expected });
    });
  }
});
