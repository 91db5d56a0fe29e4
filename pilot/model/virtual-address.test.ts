import assert from 'node:assert/strict';
import { assignVirtualAddresses } from './virtual-address.ts';

const names = Array.from({ length: 2000 }, (_, index) => `service-${index}.service.consul`);

describe('virtual addresses', () => {
  it('are each its own, in 240.240.0.0/16, without 0 and 255 at the end', () => {
    const addresses = [...assignVirtualAddresses(names).values()];
    const wrong = addresses.filter((address) => {
      const [first, second, , last] = address.split('.').map(Number);
      return first !== 240 || second !== 240 || last === 0 || last === 255;
    });
    assert.deepEqual([new Set(addresses).size, wrong], [names.length, []]);
  });

  it('do not depend on the order of the names', () => {
    const sorted = (list: readonly string[]): readonly (readonly [string, string])[] =>
      [...assignVirtualAddresses(list)].toSorted(([left], [right]) => (left < right ? -1 : 1));
    assert.deepEqual(sorted(names.toReversed()), sorted(names));
  });

  it('leave out those that are taken', () => {
    const [hostname = ''] = names;
    const usual = assignVirtualAddresses([hostname]).get(hostname) ?? '';
    assert.notEqual(assignVirtualAddresses([hostname], [usual]).get(hostname), usual);
  });
});
