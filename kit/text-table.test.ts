import assert from 'node:assert/strict';
import { layOutTable } from './text-table.ts';

describe('a table of text', () => {
  it('has columns as wide as their widest cell, and no blanks at the end of a line', () => {
    const rows = [
      ['NAME', 'HOSTS', 'AGE'],
      ['reviews', '["reviews"]', '3s'],
      ['a', '', ''],
    ];
    assert.equal(
      layOutTable(rows),
      ['NAME      HOSTS         AGE', 'reviews   ["reviews"]   3s', 'a', ''].join('\n'),
    );
  });

  it('counts what is seen: no colours, a letter with its accents once', () => {
    const rows = [
      ['\u001b[31mred\u001b[0m', 'x'],
      ['e\u0301a', 'y'],
      ['four', 'z'],
    ];
    assert.deepEqual(
      layOutTable(rows)
        .split('\n')
        .map((line) => line.slice(-1)),
      ['x', 'y', 'z', ''],
    );
    assert.match(layOutTable(rows), /^e\u0301a {5}y$/m);
  });
});
