import assert from 'node:assert/strict';
import { splitDocuments } from './yaml-split.ts';

describe('splitDocuments', () => {
  it('cuts at separators and knows the lines', () => {
    assert.deepEqual(splitDocuments('---\na: 1\n---\n# c\n--- # d\nb: ---\n---'), [
      { text: '---\na: 1\n', line: 1 },
      { text: '---\n# c\n', line: 3 },
      { text: '--- # d\nb: ---\n', line: 5 },
      { text: '---', line: 7 },
    ]);
  });

  it('leaves alone what only looks like a separator', () => {
    const stream = 'a: |\n  ---\n  text\nb: "---"\n----\n';
    assert.deepEqual(splitDocuments(stream), [{ text: stream, line: 1 }]);
  });

  it('keeps directives with their document', () => {
    assert.deepEqual(splitDocuments('%YAML 1.2\n---\na: 1\n'), [
      { text: '%YAML 1.2\n---\na: 1\n', line: 1 },
    ]);
  });
});
