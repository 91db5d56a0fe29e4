import assert from 'node:assert/strict';
import type { ContainerSketch } from '../../test/fakes/containers.ts';
import { plan } from '../../test/support/service-plan.ts';
import type { PlanOptions } from './desired.ts';

/** The address, and tag → address and port. */
function addresses(
  sketch: Omit<ContainerSketch, 'name'>,
  options: Partial<PlanOptions> = {},
): readonly unknown[] {
  const { records } = plan([{ name: 'c', exposed: ['80/tcp'], ...sketch }], options);
  const { address, taggedAddresses } = records[0]!;
  const tagged = Object.entries(taggedAddresses).map(
    ([tag, place]) => [tag, `${place.address} ${place.port}`] as const,
  );
  return [address, Object.fromEntries(tagged)];
}

describe('tagged addresses', () => {
  const published = { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] };

  it('are what Consul itself writes for one address', () => {
    assert.deepEqual(addresses({ networks: { mesh: '10.0.0.2' } }), [
      '10.0.0.2',
      { lan_ipv4: '10.0.0.2 80', wan_ipv4: '10.0.0.2 80' },
    ]);
  });

  it('are both families on a network that has both', () => {
    assert.deepEqual(addresses({ networks: { mesh: '10.0.0.2 fd00::2' } }), [
      '10.0.0.2',
      {
        lan_ipv4: '10.0.0.2 80',
        wan_ipv4: '10.0.0.2 80',
        lan_ipv6: 'fd00::2 80',
        wan_ipv6: 'fd00::2 80',
      },
    ]);
  });

  it('are IPv6 alone on a network without IPv4', () => {
    assert.deepEqual(addresses({ networks: { mesh: 'fd00::2' } }), [
      'fd00::2',
      { lan_ipv6: 'fd00::2 80', wan_ipv6: 'fd00::2 80' },
    ]);
  });

  it('name the published port of -ip as the way from outside, with -internal', () => {
    assert.deepEqual(
      [
        addresses({ published }, { ip: '192.0.2.1' }),
        addresses({ published, networks: { mesh: '10.0.0.2' } }, { ip: '2001:db8::1' }),
        addresses({}, { ip: '192.0.2.1' }),
      ],
      [
        ['10.0.0.2', { lan_ipv4: '10.0.0.2 80', wan_ipv4: '192.0.2.1 8080' }],
        [
          '10.0.0.2',
          { lan_ipv4: '10.0.0.2 80', wan_ipv4: '10.0.0.2 80', wan_ipv6: '2001:db8::1 8080' },
        ],
        ['10.0.0.2', { lan_ipv4: '10.0.0.2 80', wan_ipv4: '10.0.0.2 80' }],
      ],
    );
  });

  it('are that of the host for a port that is published on its IPv6 address', () => {
    const v6 = { '80/tcp': [{ HostIp: '2001:db8::7', HostPort: '8080' }] };
    assert.deepEqual(addresses({ published: v6 }, { internal: false }), [
      '2001:db8::7',
      { lan_ipv6: '2001:db8::7 8080', wan_ipv6: '2001:db8::7 8080' },
    ]);
  });
});
