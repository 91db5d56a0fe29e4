import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Where a request comes from: the machine of the mesh, or anywhere else, with the reason why. */
export type Origin = { readonly kind: 'local' } | { readonly kind: 'remote'; readonly why: string };

export interface OriginOptions {
  /**
   * Addresses, besides those of this machine, from which a container engine forwards connections to a port that it has
   * published on loopback.
   */
  readonly forwarders: readonly string[];
}

/**
 * Tells requests of this machine from others. The peer must be on this machine, no proxy may have passed the request
 * on, and no web page may be behind it: a page can make a browser on this machine send requests, but not without
 * an Origin that is not ours or, when its name was made to lead here (DNS rebinding), a Host that is not ours.
 */
export function createOriginCheck({
  forwarders,
}: OriginOptions): (request: IncomingMessage) => Origin {
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8, 'ipv4');
  own.addAddress('::1', 'ipv6');
  for (const address of forwarders) own.addAddress(address, familyOf(address));
  return (request) => {
    const { socket, headers } = request;
    const peer = plainAddress(socket.remoteAddress);
    if (peer === undefined) return { kind: 'remote', why: 'the connection has ended' };
    // Who calls from the very address that it calls is on this machine.
    const isOwn = own.check(peer, familyOf(peer)) || peer === plainAddress(socket.localAddress);
    if (!isOwn) return { kind: 'remote', why: `${peer} is not this machine` };
    const passed = passedOn.find((name) => headers[name] !== undefined);
    if (passed !== undefined) {
      return { kind: 'remote', why: `a proxy passed it on (header ${passed})` };
    }
    return checkPage(headers.host ?? '', headers.origin);
  };
}

const passedOn = ['forwarded', 'x-forwarded-for', 'via'] as const;

function checkPage(host: string, origin: string | undefined): Origin {
  const name = host.replace(/:\d+$/, '');
  if (!isOwnName(name)) {
    return { kind: 'remote', why: `${JSON.stringify(name)} is neither localhost nor an address` };
  }
  if (origin === undefined || origin === `http://${host}` || origin === `https://${host}`) {
    return { kind: 'local' };
  }
  return { kind: 'remote', why: `a web page of ${JSON.stringify(origin)} sent it` };
}

function isOwnName(name: string): boolean {
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  return bare === '' || isIP(bare) !== 0 || /^(?:[a-z0-9-]+\.)*localhost$/i.test(bare);
}

/** An IPv4 address may come in the clothes of IPv6 (::ffff:10.0.0.1). */
export function plainAddress(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

/**
 * The address of the default gateway (Linux; IPv4), which in a container is the Engine's end of the bridge: its
 * forwarder for ports that are published on loopback connects from there. Undefined when there is none.
 */
export function readGateway(table = readRoutes()): string | undefined {
  const route = table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .find(([, destination, gateway]) => destination === '00000000' && gateway !== '00000000');
  const hex = route?.[2];
  if (hex === undefined || !/^[0-9A-F]{8}$/i.test(hex)) return undefined;
  // The kernel prints the four bytes as one number of this machine, which has the least byte first.
  return [...Buffer.from(hex, 'hex')].reverse().join('.');
}

function readRoutes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    return '';
  }
}
