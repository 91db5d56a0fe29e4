import assert from 'node:assert/strict';
import { findRegexFault } from './regex.ts';

describe('findRegexFault', () => {
  it('accepts what RE2 accepts', () => {
    const patterns = [
      '^(.*?;)?(user=jason)(;.*)?$',
      '.*',
      '/v[0-9]+/(?:a|b){2,3}',
      '(?i)mozilla.*',
      '(?P<name>\\w+)\\.(?<other>\\d*?)',
      '[[:alpha:]]+[^]a-z]',
      '\\Qa(b\\E+',
      'a{,3}',
      '\\pL\\x{10FFFF}\\z',
      '(?i:a)|b||c',
    ];
    assert.deepEqual(
      patterns.map((pattern) => findRegexFault(pattern)),
      patterns.map(() => undefined),
    );
  });

  it('says what RE2 does not know', () => {
    const faults = {
      '': 'is empty; write at least one character, or leave the match out',
      'a(?=b)': 'uses look-around, which RE2 does not know',
      '(?<!a)b': 'uses look-around, which RE2 does not know',
      '(a)\\1': 'uses the back-reference \\1, which RE2 does not know',
      '(a': 'has an opening ( without )',
      'a)': 'has a ) without (',
      '[a': 'has an opening [ without ]',
      '*a': 'has * with nothing before it to repeat',
      'a**': 'has * with nothing before it to repeat',
      '(?>a)': 'has a group that RE2 does not know at "(?>a)"',
      'a{1001}': 'repeats more than 1000 times in {1001}',
      'a{3,2}': 'has a maximum below the minimum in {3,2}',
      'a\\': 'ends with a single \\',
      '\\Z': 'uses \\Z, which RE2 does not know',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(faults).map((text) => [text, findRegexFault(text)])),
      faults,
    );
  });

  it('refuses expressions that Istio finds too long', () => {
    assert.equal(findRegexFault('a'.repeat(1025)), 'is longer than 1024 characters');
  });
});
