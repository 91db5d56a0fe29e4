import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

/** What Istio's API server refuses or takes, and that one would not think of. */

const route = [{ destination: { host: 'reviews' } }];
const port = { number: 80, name: 'http', protocol: 'HTTP' };

function ofRoute(fields: object, others: object = {}): readonly string[] {
  return findingsOf('VirtualService', {
    hosts: ['reviews'],
    http: [{ route, ...fields }],
    ...others,
  });
}

function ofPolicy(trafficPolicy: object): readonly string[] {
  return findingsOf('DestinationRule', { host: 'reviews', trafficPolicy });
}

function ofBalancer(loadBalancer: object): readonly string[] {
  return ofPolicy({ loadBalancer }).map((line) =>
    line.replaceAll('spec.trafficPolicy.loadBalancer.', ''),
  );
}

function ofEntry(fields: object): readonly string[] {
  return findingsOf('ServiceEntry', { hosts: ['db.example.com'], ports: [port], ...fields });
}

describe('a VirtualService, as in Istio,', () => {
  it('may not name a host that another of its hosts covers', () => {
    const hosts = ['*.example.com', 'shop.example.com', '*.org'];
    assert.deepEqual(ofRoute({}, { hosts }), [
      'spec.hosts[1]: Invalid value: "shop.example.com": is covered by "*.example.com", another one of its hosts; keep one',
    ]);
  });

  it('may be for every host when it is for a Gateway, and for sidecars too', () => {
    assert.deepEqual(
      [ofRoute({}, { hosts: ['*'], gateways: ['mesh', 'edge'] }), ofRoute({}, { hosts: ['*'] })],
      [
        [],
        [
          'spec.hosts[0]: Invalid value: "*": is only allowed with gateways other than mesh; name the hosts',
        ],
      ],
    );
  });

  it('matches claims of tokens at a Gateway only', () => {
    const match = [{ headers: { '@request.auth.claims[groups][a]': { exact: 'admin' } } }];
    assert.deepEqual(
      [ofRoute({ match }, { gateways: ['edge'] }), ofRoute({ match })],
      [
        [],
        [
          'spec.http[0].match[0].headers[@request.auth.claims[groups][a]]: Forbidden: claims are matched at a Gateway; name one in gateways',
        ],
      ],
    );
  });

  it('takes any header of HTTP in a match, and those of CORS', () => {
    const match = [{ headers: { ':path': {}, 'x!y#z': {}, '@request.auth.claims': {} } }];
    const corsPolicy = { allowHeaders: ['x!y'], exposeHeaders: ['no header'], maxAge: '1.5s' };
    assert.deepEqual(ofRoute({ match, corsPolicy }), [
      'spec.http[0].match[0].headers: Invalid value: "@request.auth.claims": must be a header name (RFC 9110 token)',
      'spec.http[0].corsPolicy.exposeHeaders[0]: Invalid value: "no header": must be a header name (RFC 9110 token)',
      'spec.http[0].corsPolicy.maxAge: Invalid value: "1.5s": must be in whole seconds, such as 90s or 24h',
    ]);
  });

  it('rewrites the prefix in a redirect of prefixes only', () => {
    const redirects = [
      { uri: { prefix: '/old' } },
      { headers: {} },
      { uri: { exact: '/old' } },
    ].map((match) => ({ match: [match], redirect: { prefixRewrite: '/new' } }));
    assert.deepEqual(findingsOf('VirtualService', { hosts: ['reviews'], http: redirects }), [
      'spec.http[2].redirect.prefixRewrite: Forbidden: replaces a prefix, so match paths by uri.prefix only',
    ]);
  });

  it('has no settings of retries without retries, and no spaces between conditions', () => {
    assert.deepEqual(
      [
        ofRoute({ retries: { attempts: 0, retryRemoteLocalities: false } }),
        ofRoute({ retries: { attempts: 1, retryOn: '5xx, reset' } }).map((line) =>
          line.replace(/: supported.*/, ''),
        ),
      ],
      [
        [
          'spec.http[0].retries.attempts: Invalid value: 0: turns retries off, but other retry settings are given; set attempts or remove them',
        ],
        ['spec.http[0].retries.retryOn: Unsupported value: " reset"'],
      ],
    );
  });

  it('may take an address for a server name, with a warning', () => {
    const tls = [{ match: [{ sniHosts: ['10.1.2.3'] }], route }];
    assert.deepEqual(findingsOf('VirtualService', { hosts: ['reviews'], tls }), [
      'warning spec.tls[0].match[0].sniHosts[0]: Invalid value: "10.1.2.3": is an address, and few clients send one as the server name (RFC 6066 §3)',
    ]);
  });

  it('may not be seen twice by its own namespace', () => {
    assert.deepEqual(
      findingsOf(
        'VirtualService',
        { hosts: ['reviews'], http: [{ route }], exportTo: ['.', 'shop'] },
        { namespace: 'shop' },
      ),
      ['spec.exportTo[1]: Duplicate value: "shop": give each one only once'],
    );
  });

  it('is no dry run: that is for an AuthorizationPolicy', () => {
    const spec = { hosts: ['reviews'], http: [{ route }] };
    assert.deepEqual(
      findingsOf('VirtualService', spec, { annotations: { 'istio.io/dry-run': 'true' } }),
      [
        'metadata.annotations[istio.io/dry-run]: Forbidden: is for AuthorizationPolicy only, this is VirtualService; remove it',
      ],
    );
  });
});

describe('a DestinationRule, as in Istio,', () => {
  it('is for a name, not for an address', () => {
    assert.deepEqual(findingsOf('DestinationRule', { host: '10.1.2.3' }), [
      'spec.host: Invalid value: "10.1.2.3": must be a name that ends in no number',
    ]);
  });

  it('verifies nothing by what it does not look at', () => {
    const tls = { insecureSkipVerify: true, credentialName: 'c', subjectAltNames: ['a'] };
    const path = 'spec.trafficPolicy.tls';
    const detail = 'is not used with insecureSkipVerify; use one of the two';
    assert.deepEqual(
      [
        ofPolicy({ tls: { ...tls, mode: 'SIMPLE' } }),
        ofPolicy({ tls: { ...tls, mode: 'MUTUAL' } }),
      ],
      [
        [
          `${path}.credentialName: Forbidden: ${detail}`,
          `${path}.subjectAltNames: Forbidden: ${detail}`,
        ],
        [`${path}.subjectAltNames: Forbidden: ${detail}`],
      ],
    );
  });

  it('says how often it pings and how long it waits, or neither', () => {
    assert.deepEqual(
      ofPolicy({ connectionPool: { http: { http2KeepAlive: { timeout: '5s' } } } }),
      [
        'spec.trafficPolicy.connectionPool.http.http2KeepAlive.interval: Required value: write both interval and timeout',
      ],
    );
  });

  it('hashes by a table of a size, and cookies with attributes that differ', () => {
    const httpCookie = { name: 'user', attributes: [{ name: 'A' }, { name: '' }, { name: 'A' }] };
    assert.deepEqual(ofBalancer({ consistentHash: { httpCookie, maglev: {} } }), [
      'consistentHash.httpCookie.attributes[1].name: Required value: write a name, such as SameSite',
      'consistentHash.httpCookie.attributes[2].name: Duplicate value: "A": give each one only once',
      'consistentHash.maglev.tableSize: Required value: write a prime, such as 65537',
    ]);
  });

  it('shares out by localities that do not overlap', () => {
    const to = { 'eu/a': 100 };
    const from = ['eu/a/*', 'eu/a/1', 'us', 'us/b', 'asia/*', '*', 'x', '/', '*/a'];
    assert.deepEqual(
      ofBalancer({ localityLbSetting: { distribute: from.map((one) => ({ from: one, to })) } }),
      [
        'localityLbSetting.distribute[1].from: Invalid value: "eu/a/1": overlaps with "eu/a/*"; keep one of the two',
        'localityLbSetting.distribute[3].from: Invalid value: "us/b": overlaps with "us"; keep one of the two',
        'localityLbSetting.distribute[6].from: Invalid value: "x": overlaps with "*"; keep one of the two',
        'localityLbSetting.distribute[7].from: Invalid value: "/": must be region, region/zone or region/zone/subzone',
        'localityLbSetting.distribute[8].from: Invalid value: "*/a": may have one * only, at its end',
      ],
    );
    assert.deepEqual(
      ofBalancer({ localityLbSetting: { distribute: [{ from: '*', to: { a: 100, b: 0 } }] } }),
      ['localityLbSetting.distribute[0].to[b]: Invalid value: 0: must be between 1 and 100'],
    );
  });

  it('leaves to the zones what they regard by themselves', () => {
    const failoverPriority = ['topology.kubernetes.io/zone', 'app'];
    const failover = [{ from: 'eu', to: 'us' }];
    assert.deepEqual(
      [
        ofBalancer({ zoneAwareLbSetting: { failoverPriority, failover } }),
        ofBalancer({ localityLbSetting: { failoverPriority, failover } }),
        ofBalancer({ localityLbSetting: {}, zoneAwareLbSetting: { minClusterSize: 2 ** 32 - 1 } }),
      ],
      [
        [
          'zoneAwareLbSetting.failoverPriority[0]: Invalid value: "topology.kubernetes.io/zone": is regarded by itself; name other labels',
        ],
        [
          'localityLbSetting.failoverPriority[0]: Invalid value: "topology.kubernetes.io/zone": contradicts failover; use one of the two',
        ],
        [
          'spec.trafficPolicy.loadBalancer: Forbidden: only one of localityLbSetting, zoneAwareLbSetting may be set; it has localityLbSetting and zoneAwareLbSetting',
        ],
      ],
    );
  });

  it('warms up at a rate above 0', () => {
    assert.deepEqual(ofBalancer({ warmup: { duration: '10s', aggression: 0 } }), [
      'warmup.aggression: Invalid value: 0: must be more than 0; 1 is linear',
    ]);
  });
});

describe('a ServiceEntry, as in Istio,', () => {
  it('is for names, not for addresses', () => {
    assert.deepEqual(ofEntry({ hosts: ['10.1.2.3'] }), [
      'spec.hosts[0]: Invalid value: "10.1.2.3": must be a name that ends in no number; write addresses in addresses',
    ]);
  });

  it('has a socket for one port only', () => {
    const endpoints = [{ address: 'unix:///run/db.sock' }];
    const ports = [port, { number: 81, name: 'http-b', protocol: 'HTTP' }];
    assert.deepEqual(ofEntry({ ports, endpoints, resolution: 'STATIC' }), [
      'spec.endpoints[0].address: Invalid value: "unix:///run/db.sock": is one socket and stands for one port, but there are 2 ports; write one entry for each',
    ]);
  });

  it('resolves names below a wildcard for calls that carry them', () => {
    const entry = {
      hosts: ['*.example.com', 'example.org'],
      addresses: ['10.0.0.1'],
      ports: [port, { number: 5432, name: 'db', protocol: 'TCP' }],
      endpoints: [{ address: 'a.b' }],
      resolution: 'DYNAMIC_DNS',
    };
    assert.deepEqual(
      ofEntry(entry).filter((line) => !line.includes('several hosts')),
      [
        'spec.hosts[1]: Invalid value: "example.org": must have a wildcard with resolution DYNAMIC_DNS; use DNS for one name',
        'spec.addresses: Forbidden: resolution DYNAMIC_DNS takes none; remove them',
        'spec.endpoints: Forbidden: resolution DYNAMIC_DNS takes none; remove them',
        'spec.ports[1].protocol: Unsupported value: "TCP": supported values: "HTTP", "HTTP2", "GRPC", "TLS"',
      ],
    );
  });
});

describe('the other kinds, as in Istio,', () => {
  it('take what is only useless with a warning', () => {
    const proxyVersion = '1.'.repeat(600);
    const remove = { operation: 'REMOVE' };
    const filter = {
      configPatches: [{ applyTo: 'CLUSTER', match: { proxy: { proxyVersion } }, patch: remove }],
    };
    assert.deepEqual(
      [
        findingsOf('EnvoyFilter', filter).map((line) => line.replace(/"[^:]*/, '..')),
        findingsOf('Telemetry', { tracing: [{ customTags: { team: {} } }] }),
      ],
      [
        [
          'warning spec.configPatches[0].match.proxy.proxyVersion: Invalid value: ..: is longer than 1024 characters and matches nothing; shorten it',
        ],
        [
          'warning spec.tracing[0].customTags[team]: Required value: write one of literal, environment, header, formatter',
        ],
      ],
    );
  });

  it('refuse what would do nothing, or break a probe', () => {
    const httpHeaders = [{ name: 'x_y', value: '1' }];
    assert.deepEqual(
      [
        findingsOf('AuthorizationPolicy', { action: 'DENY', rules: [] }),
        findingsOf('WorkloadGroup', {
          template: {},
          probe: { httpGet: { port: 80, httpHeaders } },
        }),
      ],
      [
        ['spec.rules: Required value: without rules DENY matches nothing; {} matches everything'],
        [
          'spec.probe.httpGet.httpHeaders[0].name: Invalid value: "x_y": must be a header name of letters, digits and -',
        ],
      ],
    );
  });
});
