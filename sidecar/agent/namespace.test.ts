import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { findOwnAddress, judgeNamespace } from './namespace.ts';

function ipv4(address: string): NetworkInterfaceInfo {
  const internal = address.startsWith('127.');
  return { family: 'IPv4', address, internal, netmask: '', mac: '', cidr: null };
}

function ipv6(address: string): NetworkInterfaceInfo {
  return { family: 'IPv6', address, internal: false, netmask: '', mac: '', cidr: null, scopeid: 0 };
}

const loopback = { lo: [ipv4('127.0.0.1')] };
const joined = {
  ...loopback,
  eth0: [ipv6('fe80::1'), ipv4('172.20.0.4')],
  eth1: [ipv4('10.1.0.2')],
};

describe('the network namespace', () => {
  it('gives the first IPv4 address that is not loopback', () => {
    assert.deepEqual([findOwnAddress(joined), findOwnAddress(loopback)], ['172.20.0.4', undefined]);
  });

  it('is dead with only loopback, and alive as long as it has the address', () => {
    assert.deepEqual(
      [
        judgeNamespace('172.20.0.4', joined),
        judgeNamespace('127.0.0.1', loopback),
        judgeNamespace('172.20.0.4', loopback),
        judgeNamespace('172.20.0.9', joined),
      ],
      [
        { kind: 'alive' },
        { kind: 'alive' },
        { kind: 'dead' },
        { kind: 'moved', address: '172.20.0.4' },
      ],
    );
  });
});
