import assert from 'node:assert/strict';
import { catalogOf } from '../../test/support/mesh-fixture.ts';
import type { Endpoint, RegisteredService } from '../model/service.ts';
import { settle } from './settle.ts';

const [reviews] = catalogOf([{ service: 'reviews', address: '10.0.0.1', port: 9080 }]);

function withEndpoints(...endpoints: readonly Partial<Endpoint>[]): RegisteredService {
  const [first] = reviews!.endpoints;
  return { ...reviews!, endpoints: endpoints.map((changes) => ({ ...first!, ...changes })) };
}

describe('settle', () => {
  it('believes what was there before rather than that it is down, and what is up rather than both', () => {
    const previous = withEndpoints({}, { address: '10.0.0.2', down: true });
    const listed = withEndpoints(
      { down: true },
      { address: '10.0.0.2' },
      { address: '10.0.0.3', down: true },
    );
    assert.deepEqual(settle([previous], [listed]), [
      withEndpoints({}, { address: '10.0.0.2' }, { address: '10.0.0.3', down: true }),
    ]);
  });

  it('keeps a service that is not listed', () => {
    assert.deepEqual(settle([reviews!], []), [reviews]);
  });
});
