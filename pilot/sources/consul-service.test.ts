import assert from 'node:assert/strict';
import { type ConsulEntry, convertService } from './consul-service.ts';

function entry(address: string, ...statuses: readonly string[]): ConsulEntry {
  return {
    Node: { Address: '192.0.2.1' },
    Service: { ID: address, Address: address, Port: 9080, Tags: null, Meta: null },
    Checks: statuses.map((Status) => ({ Status })),
  };
}

describe('convertService', () => {
  it('takes an instance for down unless it passes every check, and keeps its port', () => {
    const { service } = convertService('reviews', [
      entry('10.0.0.1', 'passing', 'passing'),
      entry('10.0.0.2', 'passing', 'critical'),
      entry('10.0.0.3', 'warning'),
      entry('10.0.0.4'),
    ]);
    const lonely = convertService('ratings', [entry('10.0.0.5', 'critical')]);
    assert.deepEqual(
      [
        service.endpoints.map(({ address, down }) => [address, down]),
        lonely.service.ports.map(({ number }) => number),
      ],
      [
        [
          ['10.0.0.1', undefined],
          ['10.0.0.2', true],
          ['10.0.0.3', true],
          ['10.0.0.4', undefined],
        ],
        [9080],
      ],
    );
  });
});
