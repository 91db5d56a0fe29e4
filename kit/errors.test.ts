import assert from 'node:assert/strict';
import { describeError } from './errors.ts';

describe('describeError', () => {
  it('tells the causes of an error, each once', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
    const away = new Error('cannot reach Consul', { cause: refused });
    const told = new Error(`the store is away (${describeError(away)})`, { cause: away });
    assert.deepEqual([away, told, new AggregateError([away, 'no']), 'no'].map(describeError), [
      'cannot reach Consul: connect ECONNREFUSED 127.0.0.1:1',
      'the store is away (cannot reach Consul: connect ECONNREFUSED 127.0.0.1:1)',
      'cannot reach Consul: connect ECONNREFUSED 127.0.0.1:1; no',
      'no',
    ]);
  });
});
