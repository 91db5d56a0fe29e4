import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };
const https = { number: 443, name: 'https', protocol: 'HTTPS' };

function ofServer(server: object): readonly string[] {
  return findingsOf('Gateway', { servers: [server] });
}

function ofTls(tls: object): readonly string[] {
  return ofServer({ port: https, hosts: ['*'], tls });
}

describe('Gateway', () => {
  it('accepts the fields of ordinary gateways', () => {
    const files = { serverCertificate: 'cert.pem', privateKey: 'key.pem' };
    const servers = [
      { port: http, hosts: ['*'] },
      { port: http, hosts: ['*.example.com', './a.b', 'shop/*', '10.0.0.1'] },
      { port: http, hosts: ['a.b'], tls: { httpsRedirect: true } },
      { port: https, hosts: ['a.b'], tls: { mode: 'SIMPLE', credentialName: 'cert' } },
      { port: https, hosts: ['a.b'], tls: { mode: 'SIMPLE', credentialNames: ['rsa', 'ecdsa'] } },
      { port: https, hosts: ['a.b'], tls: { mode: 'MUTUAL', ...files, caCertificates: 'ca.pem' } },
      { port: https, hosts: ['a.b'], tls: { mode: 'SIMPLE', tlsCertificates: [files] } },
      { port: https, hosts: ['a.b'], tls: { mode: 'ISTIO_MUTUAL' } },
      { port: { ...https, protocol: 'TLS' }, hosts: ['a.b'], tls: { mode: 'PASSTHROUGH' } },
      { port: { ...http, number: 0 }, bind: 'unix:///run/gateway.sock', hosts: ['a.b'] },
    ];
    assert.deepEqual(
      servers.map((server) => ofServer(server)),
      servers.map(() => []),
    );
  });

  it('checks its name, its servers and their ports', () => {
    const servers = [
      { port: { number: 0, name: 'http', protocol: 'SMTP', targetPort: 1 }, hosts: [] },
      { port: http, hosts: ['a.b'], bind: 'here' },
      { port: { number: 80, name: '', protocol: '' }, hosts: ['a.b'], bind: 'unix://run/' },
    ];
    assert.deepEqual(findingsOf('Gateway', {}, { name: 'a.b' }), [
      'metadata.name: Invalid value: "a.b": must be a DNS label, without dots',
      'spec.servers: Required value: write at least one server',
    ]);
    assert.deepEqual(
      findingsOf('Gateway', { servers }).map((line) => line.split(': supported')[0]),
      [
        'spec.servers[0].hosts: Required value: write at least one name, or *',
        'spec.servers[0].port.protocol: Unsupported value: "SMTP"',
        'spec.servers[0].port.number: Invalid value: 0: must be between 1 and 65535',
        'spec.servers[0].port.targetPort: Forbidden: has no effect at a gateway; remove it',
        'spec.servers[1].bind: Invalid value: "here": must be an IP address, or unix:// and a path',
        'spec.servers[1].port.name: Duplicate value: "http": give each one only once',
        'spec.servers[2].port.protocol: Required value: write one, such as HTTP',
        'spec.servers[2].port.number: Invalid value: 80: must be 0, because a unix socket has no port',
        'spec.servers[2].port.name: Required value: write a name',
        'spec.servers[2].bind: Invalid value: "unix://run/": must be unix:// and an absolute path of a socket',
      ],
    );
  });

  it('checks host names', () => {
    assert.deepEqual(
      ofServer({ port: http, hosts: ['reviews', 'a*.b', 'a.*.b', '/a.b', 'A_/a.b'] }),
      [
        'spec.servers[0].hosts[0]: Invalid value: "reviews": must be a fully qualified name, with a dot, or *',
        'spec.servers[0].hosts[1]: Invalid value: "a*.b": must be a DNS name; only its first label may be *',
        'spec.servers[0].hosts[2]: Invalid value: "a.*.b": must be a DNS name; only its first label may be *',
        'spec.servers[0].hosts[3]: Invalid value: "/a.b": must be NAME or NAMESPACE/NAME',
        'spec.servers[0].hosts[4]: Invalid value: "A_/a.b": its namespace must be a DNS label, "." or "*"',
      ],
    );
    assert.deepEqual(ofServer({ port: http, hosts: ['*-a.b'] }), [
      'spec.servers[0].hosts[0]: Invalid value: "*-a.b": * stands for whole labels only; write *.example.com',
    ]);
  });

  it('checks TLS against the protocol and the certificates', () => {
    const tls = 'spec.servers[0].tls';
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [
        { mode: 'SIMPLE' },
        [
          `${tls}.serverCertificate: Required value: mode SIMPLE needs it, or credentialName in its place`,
          `${tls}.privateKey: Required value: mode SIMPLE needs it, or credentialName in its place`,
        ],
      ],
      [
        { mode: 'MUTUAL', serverCertificate: 'c', privateKey: 'k' },
        [`${tls}.caCertificates: Required value: mode MUTUAL needs it to verify clients`],
      ],
      [
        { mode: 'ISTIO_MUTUAL', credentialName: 'a' },
        [
          `${tls}.credentialName: Forbidden: the mesh has its own certificates in mode ISTIO_MUTUAL`,
        ],
      ],
      [
        { mode: 'SIMPLE', credentialName: 'a', credentialNames: ['b'] },
        [
          `${tls}: Forbidden: only one of credentialName, credentialNames, tlsCertificates may be set; it has credentialName and credentialNames`,
        ],
      ],
      [
        { mode: 'SIMPLE', credentialName: 'a', serverCertificate: 'c', privateKey: 'k' },
        [`${tls}.serverCertificate: Forbidden: the certificate comes from elsewhere; use one`],
      ],
      [
        { mode: 'SIMPLE', credentialName: 'a', caCrl: 'c' },
        [
          `warning ${tls}.caCrl: Forbidden: is not used: the secret of credentialName holds the revoked ones; remove it`,
        ],
      ],
      [
        { mode: 'SIMPLE', serverCertificate: 'c', privateKey: 'k', caCrl: 'c' },
        [`${tls}.caCrl: Forbidden: mode SIMPLE has no client certificates to revoke`],
      ],
      [
        { mode: 'PASSTHROUGH', credentialName: 'a' },
        [`warning ${tls}.credentialName: Forbidden: is not used in mode PASSTHROUGH; remove it`],
      ],
      [
        { minProtocolVersion: 'TLSV1_0', cipherSuites: ['RC4', 'AES128-SHA', 'AES128-SHA', '-X'] },
        [
          `warning ${tls}.cipherSuites[0]: Invalid value: "RC4": is not a cipher that Istio knows, and is left out`,
          `warning ${tls}.cipherSuites[2]: Invalid value: "AES128-SHA": is listed twice; the second one is left out`,
        ],
      ],
    ];
    assert.deepEqual(
      cases.map(([spec]) => ofTls(spec)),
      cases.map(([, expected]) => expected),
    );
    assert.deepEqual(ofServer({ port: https, hosts: ['a.b'] }), [
      `${tls}: Required value: protocol HTTPS needs it; write its mode`,
    ]);
    assert.deepEqual(ofServer({ port: http, hosts: ['a.b'], tls: { mode: 'ISTIO_MUTUAL' } }), [
      `${tls}: Forbidden: protocol HTTP is not encrypted; use HTTPS or TLS, or remove tls`,
    ]);
    assert.deepEqual(ofServer({ port: https, hosts: ['a.b'], tls: { httpsRedirect: true } }), [
      `warning ${tls}.httpsRedirect: Forbidden: is for servers with protocol HTTP, this one has HTTPS`,
    ]);
  });
});
