/**
 * Consul's tagged addresses of an instance: those that its agent would fill in by itself (agent.addServiceInternal:
 * the address, for its family, on LAN and WAN), so that both can be compared, and the ones that only we know.
 */
import { isIP } from 'node:net';
import type { ServiceAddress, TaggedAddresses } from '../contract/registration.ts';

export interface KnownAddresses {
  readonly registered: ServiceAddress;
  /** The same instance by IPv6, when it is registered by IPv4. */
  readonly ipv6?: string;
  /** Where it is reached from outside its network. */
  readonly wan?: ServiceAddress;
}

export function tagAddresses({ registered, ipv6, wan }: KnownAddresses): TaggedAddresses {
  return {
    ...onBoth(registered),
    ...(ipv6 === undefined ? {} : onBoth({ address: ipv6, port: registered.port })),
    ...(wan === undefined ? {} : { [`wan_${familyOf(wan.address)}`]: wan }),
  };
}

function onBoth(place: ServiceAddress): TaggedAddresses {
  const family = familyOf(place.address);
  return { [`lan_${family}`]: place, [`wan_${family}`]: place };
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
