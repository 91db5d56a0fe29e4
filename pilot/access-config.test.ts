import assert from 'node:assert/strict';
import { type AccessFlags, parseAccess } from './access-config.ts';

describe('the flags of pilot for access', () => {
  it('make a configuration', () => {
    const { config, messages } = parseAccess({
      tokenFile: '/etc/composemesh/tokens.yaml',
      tlsCert: 'tls.crt',
      tlsKey: 'tls.key',
      https: '0.0.0.0:443',
      auditLog: '-',
      localRole: 'write',
      remoteRole: 'none',
      publishedOn: '127.0.0.1',
      publishedFrom: 'gateway, 10.0.2.2',
    });
    assert.deepEqual(
      { config, messages },
      {
        config: {
          tokenFile: '/etc/composemesh/tokens.yaml',
          tls: { address: { host: '0.0.0.0', port: 443 }, cert: 'tls.crt', key: 'tls.key' },
          auditLog: '-',
          localRole: 'write',
          remoteRole: 'none',
          forwarders: ['gateway', '10.0.2.2'],
        },
        messages: [],
      },
    );
  });

  it('may be empty, as a compose file passes variables on that nobody has set', () => {
    const empty = {
      tokenFile: '',
      tlsCert: '',
      tlsKey: '',
      https: '',
      auditLog: '',
      localRole: '',
    };
    assert.deepEqual(parseAccess(empty), parseAccess({}));
  });

  it('take forwarded connections for local ones only if the port is published on loopback', () => {
    const forwarders = [
      '127.0.0.1',
      '127.0.0.2',
      '::1',
      '0.0.0.0',
      '',
      '192.168.1.5',
      '127.0.0.1.nip.io',
    ].map((publishedOn) => parseAccess({ publishedOn }).config.forwarders.length);
    assert.deepEqual(forwarders, [1, 1, 1, 0, 0, 0, 0]);
  });

  const mistakes: readonly (readonly [AccessFlags, readonly string[]])[] = [
    [{ tlsCert: 'a' }, ['--tls-cert needs --tls-key']],
    [{ tlsKey: 'a' }, ['--tls-key needs --tls-cert']],
    [{ https: '127.0.0.1:1' }, ['--https needs --tls-cert and --tls-key']],
    [{ tlsCert: 'a', tlsKey: 'b', https: '8443' }, ['--https "8443" is not HOST:PORT']],
    [
      { localRole: 'root', remoteRole: 'all', publishedFrom: 'bridge' },
      [
        '--published-from "bridge" is not an IP address or "gateway"',
        '--local-role "root" is not one of none, read, write, admin',
        '--remote-role "all" is not one of none, read, write, admin',
      ],
    ],
  ];
  for (const [flags, expected] of mistakes) {
    it(`refuse ${JSON.stringify(flags)}`, () => {
      assert.deepEqual(parseAccess(flags).messages, expected);
    });
  }
});
