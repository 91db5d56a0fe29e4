import assert from 'node:assert/strict';
import { applyJsonPatch, applyMergePatch } from './patch.ts';

describe('applyMergePatch', () => {
  it('merges objects, removes by null and replaces the rest (RFC 7386, appendix A)', () => {
    const cases: readonly (readonly [unknown, unknown, unknown])[] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ a: 'foo' }, 'bar', 'bar'],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    assert.deepEqual(
      cases.map(([target, patch]) => applyMergePatch(target, patch)),
      cases.map(([, , result]) => result),
    );
  });
});

describe('applyJsonPatch', () => {
  const target = { a: { b: [1, 2, 3] }, 'x/y': 1 };

  it('applies operations in order and leaves the target alone (RFC 6902)', () => {
    const patch = [
      { op: 'test', path: '/a/b/0', value: 1 },
      { op: 'add', path: '/a/b/1', value: 9 },
      { op: 'add', path: '/a/b/-', value: 4 },
      { op: 'remove', path: '/a/b/0' },
      { op: 'replace', path: '/x~1y', value: 2 },
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'move', from: '/a/b', path: '/d' },
    ];
    assert.deepEqual(applyJsonPatch(target, patch), {
      a: {},
      'x/y': 2,
      c: { b: [9, 2, 3, 4] },
      d: [9, 2, 3, 4],
    });
    assert.deepEqual(target, { a: { b: [1, 2, 3] }, 'x/y': 1 });
  });

  it('refuses what cannot be applied', () => {
    const patches: readonly (readonly [number, unknown])[] = [
      [400, {}],
      [400, [{ op: 'grow', path: '/a' }]],
      [400, [{ op: 'add', path: 'a' }]],
      [422, [{ op: 'replace', path: '/nothing', value: 1 }]],
      [422, [{ op: 'remove', path: '/nothing' }]],
      [422, [{ op: 'remove', path: '/a/b/3' }]],
      [422, [{ op: 'add', path: '/a/b/01', value: 1 }]],
      [422, [{ op: 'test', path: '/a/b', value: [] }]],
      [422, [{ op: 'add', path: '/nothing/a', value: 1 }]],
    ];
    for (const [statusCode, patch] of patches) {
      assert.throws(() => applyJsonPatch(target, patch), { statusCode }, JSON.stringify(patch));
    }
  });
});
