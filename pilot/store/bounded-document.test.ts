import assert from 'node:assert/strict';
import { parseYamlDocument } from './yaml-document.ts';

describe('YAML that is nested too deeply', () => {
  const forms: Readonly<Record<string, string>> = {
    lists: '['.repeat(50_000),
    maps: '{a: '.repeat(20_000),
    'lists on one line': '- '.repeat(50_000),
    keys: '? '.repeat(50_000),
    'indented maps': Array.from({ length: 300 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  };
  for (const [name, text] of Object.entries(forms)) {
    it(`is refused before the library meets it: ${name}`, () => {
      const document = parseYamlDocument({ text, line: 1 });
      assert.deepEqual(
        document.ok ? 'taken' : document.message,
        'is nested more than 100 levels deep',
      );
    });
  }

  it('is not what has fifty levels', () => {
    const text = `${'[{a: '.repeat(25)}1${'}]'.repeat(25)}`;
    assert.equal(parseYamlDocument({ text, line: 1 }).ok, true);
  });

  it('is not what has two documents, which is said as such', () => {
    const document = parseYamlDocument({ text: 'a: 1\n...\nb: 1\n', line: 1 });
    assert.deepEqual(document.ok ? undefined : [document.message, document.place], [
      'a second document begins here; separate documents by ---',
      { line: 3, column: 1 },
    ]);
  });

  it('is said to be where it gets too deep', () => {
    const document = parseYamlDocument({ text: `a: 1\nb: ${'['.repeat(300)}`, line: 1 });
    assert.deepEqual(document.ok ? undefined : document.place, { line: 2, column: 203 });
  });
});
