import assert from 'node:assert/strict';
import { findNearest } from './nearest.ts';

describe('findNearest', () => {
  const words = ['http', 'http2', 'grpc', 'tcp', 'mongo'];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['htpp', 'http'],
    ['HTTP', 'http'],
    ['htp2', 'http2'],
    ['grcp', 'grpc'],
    ['mngo', 'mongo'],
    ['kafka', undefined],
    ['', undefined],
  ];
  for (const [word, expected] of cases) {
    it(`finds ${expected ?? 'nothing'} for "${word}"`, () => {
      assert.equal(findNearest(word, words), expected);
    });
  }

  it('finds the first of those that are equally near, and nothing farther', () => {
    const hosts = ['ratings.example.com', 'reviewx.example.com', 'reviews2.example.com'];
    assert.deepEqual(
      [findNearest('reviews.example.com', hosts), findNearest('rveiewx.example.com', hosts)],
      ['reviewx.example.com', 'reviewx.example.com'],
    );
  });
});
