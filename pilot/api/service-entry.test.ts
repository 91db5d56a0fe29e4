import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

const http = { number: 80, name: 'http', protocol: 'HTTP' };

describe('ServiceEntry', () => {
  it('accepts the fields of ordinary entries', () => {
    const entries = [
      { hosts: ['api.example.com'], ports: [http], location: 'MESH_EXTERNAL', resolution: 'DNS' },
      { hosts: ['*.example.com'], ports: [http], addresses: ['10.1.0.0/16'] },
      {
        hosts: ['db.example.com'],
        addresses: ['10.0.0.1', 'fd00::1'],
        ports: [{ number: 27017, name: 'mongo', protocol: 'mongo', targetPort: 1 }],
        resolution: 'STATIC',
        endpoints: [
          { address: '2.2.2.2', ports: { mongo: 5555 }, labels: { version: 'v1' }, weight: 2 },
          { address: 'unix:///var/run/db.sock' },
        ],
        exportTo: ['~'],
      },
      { hosts: ['a.b'], ports: [http], workloadSelector: { labels: { app: 'a' } } },
    ];
    assert.deepEqual(
      entries.map((spec) => findingsOf('ServiceEntry', spec)),
      entries.map(() => []),
    );
  });

  it('checks hosts, addresses and ports', () => {
    const ports = [
      { number: 0, name: 'a' },
      { number: 80, name: 'a', protocol: 'SMTP' },
      { number: 80, name: 'under_score', targetPort: 65536 },
    ];
    assert.deepEqual(findingsOf('ServiceEntry', {}), ['spec.hosts: Required value: write it']);
    assert.deepEqual(findingsOf('ServiceEntry', { hosts: [] }), [
      'spec.hosts: Required value: write at least one',
    ]);
    assert.deepEqual(
      findingsOf('ServiceEntry', { hosts: ['*', 'foo*'], addresses: ['1.2.3.4/99'], ports }).map(
        (line) => line.split(': supported')[0],
      ),
      [
        'spec.hosts[0]: Invalid value: "*": must not be * alone; name the service',
        'spec.hosts[1]: Invalid value: "foo*": must be a DNS name; only its first label may be *',
        'spec.addresses[0]: Invalid value: "1.2.3.4/99": must be an address or a CIDR such as 10.0.0.0/8',
        'spec.ports[0].number: Invalid value: 0: must be between 1 and 65535',
        'spec.ports[1].name: Duplicate value: "a": give each one only once',
        'spec.ports[1].protocol: Unsupported value: "SMTP"',
        'spec.ports[2].number: Duplicate value: 80: give each one only once',
        'spec.ports[2].name: Invalid value: "under_score": must be a port name: letters, digits and -, at most 62 of them',
        'spec.ports[2].targetPort: Invalid value: 65536: must be between 1 and 65535',
      ],
    );
  });

  it('checks what each resolution demands', () => {
    const entries = [
      { hosts: ['a.b'], ports: [http], endpoints: [{ address: '1.2.3.4' }] },
      { hosts: ['a.b'], addresses: ['1.2.3.4/16'], resolution: 'DNS' },
      { hosts: ['*.a.b'], resolution: 'DNS' },
      {
        hosts: ['a.b'],
        resolution: 'DNS_ROUND_ROBIN',
        endpoints: [{ address: 'c.d' }, { address: 'e.f' }],
      },
      { hosts: ['a.b'], resolution: 'STATIC', endpoints: [{ address: 'c.d' }] },
      { hosts: ['a.b', 'c.d'], resolution: 'DNS', ports: [{ number: 1, name: 'a' }] },
      { hosts: ['a.b'], workloadSelector: {}, endpoints: [], resolution: 'STATIC' },
    ];
    assert.deepEqual(
      entries.map((spec) => findingsOf('ServiceEntry', spec)),
      [
        ['spec.endpoints: Forbidden: resolution NONE takes none; use STATIC or DNS'],
        [
          'spec.addresses: Invalid value: "1.2.3.4/16": CIDRs are only allowed with resolution NONE or STATIC',
        ],
        ['spec.endpoints: Required value: hosts with * cannot be resolved by DNS'],
        ['spec.endpoints: Forbidden: resolution DNS_ROUND_ROBIN takes one at most; use DNS'],
        [
          'spec.endpoints[0].address: Invalid value: "c.d": must be an IP address with resolution STATIC',
        ],
        [
          'spec.ports[0].protocol: Invalid value: "": several hosts need one of HTTP, HTTP2, HTTP_PROXY, HTTPS, GRPC, GRPC-WEB, TLS',
        ],
        [
          'spec: Forbidden: only one of workloadSelector, endpoints may be set; it has workloadSelector and endpoints',
          'warning spec.workloadSelector.labels: Invalid value: {}: selects every workload of the namespace; name labels',
        ],
      ],
    );
  });

  it('checks endpoints, and WorkloadEntry by the same rules', () => {
    const endpoints = [
      {},
      { address: 'unix://tmp/' },
      { address: 'unix:///a', ports: { http: 1 } },
      { address: 'a b', ports: { grpc: 0 } },
    ];
    assert.deepEqual(
      findingsOf('ServiceEntry', { hosts: ['a.b'], ports: [http], endpoints, resolution: 'DNS' }),
      [
        'spec.endpoints[0].address: Required value: write the address of the workload',
        'spec.endpoints[1].address: Invalid value: "unix://tmp/": must be unix:// and an absolute path of a socket',
        'spec.endpoints[1].address: Invalid value: "unix://tmp/": is not resolved by DNS; use resolution STATIC',
        'spec.endpoints[2].ports: Forbidden: a unix socket has no ports; remove them',
        'spec.endpoints[2].address: Invalid value: "unix:///a": is not resolved by DNS; use resolution STATIC',
        'spec.endpoints[3].address: Invalid value: "a b": must be an IP address or a DNS name',
        'spec.endpoints[3].ports[grpc]: Invalid value: 0: must be between 1 and 65535',
        'spec.endpoints[3].ports: Invalid value: "grpc": must be one of the ports: http',
      ],
    );
    assert.deepEqual(
      [{ address: '10.0.0.1', ports: { http: 8080 } }, { network: 'n' }, { weight: -1 }].map(
        (spec) => findingsOf('WorkloadEntry', spec),
      ),
      [[], [], ['spec.weight: Invalid value: -1: must be >= 0']],
    );
  });

  it('refuses addresses that no proxy could use', () => {
    const entry = {
      hosts: ['a.b'],
      addresses: ['fe80::1%eth0'],
      ports: [http],
      resolution: 'STATIC',
      endpoints: [{ address: `unix:///${'x'.repeat(107)}` }],
    };
    assert.deepEqual(
      findingsOf('ServiceEntry', entry).map((line) => line.replace(/x{20,}/, 'x..')),
      [
        'spec.addresses[0]: Invalid value: "fe80::1%eth0": must be an address or a CIDR such as 10.0.0.0/8',
        'spec.endpoints[0].address: Invalid value: "unix:///x..": must be the path of a socket of at most 107 bytes; move the socket',
      ],
    );
  });
});
