import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createOriginCheck, readGateway } from './origin.ts';

function requestFrom(
  remoteAddress: string,
  headers: Readonly<Record<string, string>> = { host: 'localhost:8080' },
  localAddress = '172.18.0.3',
): IncomingMessage {
  return { socket: { remoteAddress, localAddress }, headers } as unknown as IncomingMessage;
}

describe('where a request comes from', () => {
  const check = createOriginCheck({ forwarders: ['172.18.0.1'] });
  const whys = (...requests: readonly IncomingMessage[]): readonly string[] =>
    requests.map((request) => {
      const origin = check(request);
      return origin.kind === 'local' ? 'local' : origin.why;
    });

  it('is this machine by loopback, by the address that is called, and by what the Engine forwards', () => {
    assert.deepEqual(
      whys(
        requestFrom('127.0.0.1'),
        requestFrom('127.1.2.3', { host: '127.0.0.1' }),
        requestFrom('::1', { host: '[::1]:8080' }),
        requestFrom('::ffff:127.0.0.1', {}),
        requestFrom('172.18.0.1'),
        requestFrom('::ffff:172.18.0.1', { host: 'mesh.localhost:8080' }),
        requestFrom('10.0.0.5', { host: '10.0.0.5:8080' }, '::ffff:10.0.0.5'),
      ),
      Array.from({ length: 7 }, () => 'local'),
    );
  });

  it('is elsewhere for every other address', () => {
    assert.deepEqual(
      whys(requestFrom('172.18.0.7'), requestFrom('172.18.0.10'), requestFrom('fe80::1')),
      [
        '172.18.0.7 is not this machine',
        '172.18.0.10 is not this machine',
        'fe80::1 is not this machine',
      ],
    );
  });

  it('is elsewhere when a proxy passes it on, or a web page makes a browser send it', () => {
    const from = (headers: Readonly<Record<string, string>>): IncomingMessage =>
      requestFrom('127.0.0.1', { host: 'localhost:8080', ...headers });
    assert.deepEqual(
      whys(
        from({ 'x-forwarded-for': '127.0.0.1' }),
        from({ forwarded: 'for=127.0.0.1' }),
        from({ via: '1.1 proxy' }),
        from({ host: 'rebound.example.com:8080' }),
        from({ host: 'localhost.example.com' }),
        from({ origin: 'https://example.com' }),
        from({ origin: 'null' }),
        from({ origin: 'http://localhost:8080' }),
      ),
      [
        'a proxy passed it on (header x-forwarded-for)',
        'a proxy passed it on (header forwarded)',
        'a proxy passed it on (header via)',
        '"rebound.example.com" is neither localhost nor an address',
        '"localhost.example.com" is neither localhost nor an address',
        'a web page of "https://example.com" sent it',
        'a web page of "null" sent it',
        'local',
      ],
    );
  });

  it('knows the gateway from the routes of the kernel', () => {
    const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n';
    const subnet = 'eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n';
    const gateway = 'eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\n';
    assert.deepEqual(
      [readGateway(head + gateway + subnet), readGateway(head + subnet), readGateway('')],
      ['172.18.0.1', undefined, undefined],
    );
  });
});
