import assert from 'node:assert/strict';
import { parseSelector } from './selector.ts';

const objects = [
  { name: 'a', namespace: 'x', labels: { app: 'a', tier: 'front' } },
  { name: 'b', namespace: 'x', labels: { app: 'b' } },
  { name: 'c', namespace: 'y' },
];

function select(labels: string, fields = ''): string {
  return objects
    .filter(parseSelector(labels, fields))
    .map(({ name }) => name)
    .join('');
}

describe('parseSelector', () => {
  it('selects by labels', () => {
    const selectors = {
      '': 'abc',
      'app=a': 'a',
      'app==a': 'a',
      'app!=a': 'bc',
      app: 'ab',
      '!app': 'c',
      'app in (a, b),tier': 'a',
      'app notin (a)': 'bc',
      'app in (a,b),app!=b': 'a',
      constructor: '',
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(selectors).map((selector) => [selector, select(selector)])),
      selectors,
    );
  });

  it('selects by name and namespace', () => {
    assert.deepEqual(
      ['metadata.name=a', 'metadata.namespace!=x', 'metadata.namespace=x,metadata.name=b'].map(
        (fields) => select('', fields),
      ),
      ['a', 'c', 'b'],
    );
  });

  it('refuses other fields and what it cannot read', () => {
    assert.throws(() => parseSelector('', 'spec.host=a'), {
      statusCode: 400,
      message: 'field label not supported: spec.host',
    });
    assert.throws(() => parseSelector('a b', ''), { statusCode: 400 });
    assert.throws(() => parseSelector('', 'name'), { statusCode: 400 });
    assert.throws(() => parseSelector('app in (a,b', ''), { statusCode: 400 });
  });

  it('reads long selectors in a time that grows with their length only', () => {
    const length = 100_000;
    const start = process.cpuUsage();
    for (const text of [',', '(', ' ', '!', 'a in (', 'a=b,', '= ']) {
      try {
        parseSelector(text.repeat(length), '');
      } catch {
        // Most of them are no selectors.
      }
    }
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});
