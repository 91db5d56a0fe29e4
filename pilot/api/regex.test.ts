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
      '\\pL\\x{FF}\\x41\\z',
      '\\p{Greek}\\P{^Lu}[\\p{Han}\\d.-]',
      '\\0\\07\\123\\_\\/',
      '(x{100}){10}',
      '[a-z&&é-]',
      '.{0,1000}',
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
      '(x{100}){11}': 'repeats more than 1000 times in all at {11}',
      '((a{0,10}){0,10}){11,}': 'repeats more than 1000 times in all at {11,}',
      '\\p{Foo}': 'uses the class \\p{Foo}, which RE2 does not know',
      '[\\pX]': 'uses the class \\pX, which RE2 does not know',
      '[[:foo:]]': 'uses the class [:foo:], which RE2 does not know',
      '[z-a]': 'has a range in [ ] whose end comes before its beginning',
      '[a-\\d]': 'uses \\d, which RE2 does not know',
      '[\\Qa]': 'uses \\Q, which RE2 does not know',
      'a\\E': 'uses \\E, which RE2 does not know',
      '\\8': 'uses the back-reference \\8, which RE2 does not know',
      '(?P<a>x)(?<a>y)': 'names two groups "a"',
      // Envoy matches bytes.
      '\\x{1F600}': 'uses \\x{1F600}, which RE2 does not know',
      '\\é': 'uses \\Ã, which RE2 does not know',
      '\\Z': 'uses \\Z, which RE2 does not know',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(faults).map((text) => [text, findRegexFault(text)])),
      faults,
    );
  });

  it('says of what is repeated too much together that it is too large', () => {
    const tooLarge = 'repeats so much that it is too large to compile';
    assert.deepEqual(
      [5, 40].map((count) => findRegexFault('.{1000}'.repeat(count))),
      [undefined, tooLarge],
    );
  });

  it('refuses expressions that Istio finds too long', () => {
    assert.equal(findRegexFault('a'.repeat(1025)), 'is longer than 1024 bytes');
  });
});
