import assert from 'node:assert/strict';
import { catalogOf, type InstanceFixture } from '../../test/support/mesh-fixture.ts';
import type { RegisteredService } from '../model/service.ts';
import { AbsenceMemory } from './absence-memory.ts';

const v1: InstanceFixture = { service: 'reviews', address: '10.0.0.1', port: 9080 };
const v2: InstanceFixture = { service: 'reviews', address: '10.0.0.2', port: 9080 };
const ratings: InstanceFixture = { service: 'ratings', address: '10.0.0.3', port: 9080 };

/** `service ports: address:port`, with `(down)` after what gets no calls. */
function show(services: readonly RegisteredService[]): readonly string[] {
  return services.map(({ hostname, ports, endpoints }) => {
    const numbers = ports.map(({ number }) => number).join();
    const members = endpoints.map(
      ({ address, port, down }) => `${address}:${port}${down === true ? ' (down)' : ''}`,
    );
    return `${hostname} ${numbers}: ${members.join(', ')}`;
  });
}

describe('the memory of absent instances', () => {
  let memory: AbsenceMemory;
  const complete = (now: number, ...instances: readonly InstanceFixture[]): readonly string[] =>
    show(memory.complete(catalogOf(instances), now));

  beforeEach(() => {
    memory = new AbsenceMemory(1000);
  });

  it('keeps an instance that is no longer listed, as down, until its time is over', () => {
    complete(0, v1, v2);
    const gone = complete(100, v1);
    const due = memory.nextForgetting;
    assert.deepEqual(
      [gone, due, complete(1099, v1), complete(1100, v1), memory.nextForgetting],
      [
        ['reviews.service.consul 9080: 10.0.0.1:9080, 10.0.0.2:9080 (down)'],
        1100,
        ['reviews.service.consul 9080: 10.0.0.1:9080, 10.0.0.2:9080 (down)'],
        ['reviews.service.consul 9080: 10.0.0.1:9080'],
        undefined,
      ],
    );
  });

  it('keeps a service and its port with its last instance', () => {
    complete(0, ratings, v1);
    assert.deepEqual(
      [complete(1, v1), complete(1001, v1)],
      [
        [
          'reviews.service.consul 9080: 10.0.0.1:9080',
          'ratings.service.consul 9080: 10.0.0.3:9080 (down)',
        ],
        ['reviews.service.consul 9080: 10.0.0.1:9080'],
      ],
    );
  });

  it('takes an instance that is back for what it is', () => {
    complete(0, v1, v2);
    complete(1, v1);
    assert.deepEqual(
      [complete(2, v1, v2), memory.nextForgetting],
      [['reviews.service.consul 9080: 10.0.0.1:9080, 10.0.0.2:9080'], undefined],
    );
  });

  it('forgets an instance when another one serves at its place', () => {
    complete(0, v1, ratings);
    complete(1, ratings);
    const heir = { ...ratings, address: v1.address };
    assert.deepEqual(complete(2, ratings, heir), [
      'ratings.service.consul 9080: 10.0.0.1:9080, 10.0.0.3:9080',
    ]);
  });
});
