import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

const route = [{ destination: { host: 'reviews' } }];

/** Findings for one HTTP rule of an otherwise fine VirtualService. */
function ofHttp(rule: object): readonly string[] {
  return findingsOf('VirtualService', { hosts: ['reviews'], http: [rule] });
}

describe('VirtualService', () => {
  it('accepts the fields of an ordinary rule', () => {
    const spec = {
      hosts: ['reviews', '*.example.com', '10.0.0.1'],
      gateways: ['mesh', 'istio-system/public'],
      exportTo: ['.', 'team-a'],
      http: [
        {
          name: 'jason',
          match: [
            {
              uri: { prefix: '/api' },
              headers: { 'end-user': { exact: 'jason' }, cookie: { regex: '^(.*?;)?(user=.*)$' } },
              withoutHeaders: { 'x-debug': {} },
              queryParams: { page: { exact: '1' } },
              port: 9080,
              sourceLabels: { app: 'productpage' },
              ignoreUriCase: true,
            },
          ],
          route: [
            { destination: { host: 'reviews', subset: 'v1', port: { number: 9080 } }, weight: 80 },
            {
              destination: { host: 'reviews', subset: 'v2' },
              weight: 20,
              headers: { request: { set: { 'x-v': '%REQ(x-id)%' } } },
            },
          ],
          timeout: '10s',
          retries: { attempts: 3, perTryTimeout: '2s', retryOn: '5xx,connect-failure,503' },
          fault: {
            delay: { percentage: { value: 0.1 }, fixedDelay: '5s' },
            abort: { httpStatus: 555, percentage: { value: 100 } },
          },
          mirrors: [{ destination: { host: 'audit' }, percentage: { value: 10 } }],
          corsPolicy: {
            allowOrigins: [{ exact: 'https://example.com' }],
            allowMethods: ['GET'],
            maxAge: '24h',
          },
          rewrite: { uri: '/' },
        },
        { match: [{ uri: { exact: '/old' } }], redirect: { uri: '/new', redirectCode: 302 } },
        { directResponse: { status: 503, body: { string: 'closed' } } },
      ],
      tls: [{ match: [{ port: 443, sniHosts: ['a.example.com'] }], route }],
      tcp: [{ match: [{ port: 27017, destinationSubnets: ['10.0.0.0/8'] }], route }],
    };
    assert.deepEqual(findingsOf('VirtualService', spec), []);
  });

  it('wants hosts, and rules for them', () => {
    assert.deepEqual(
      [
        findingsOf('VirtualService', {}),
        findingsOf('VirtualService', { hosts: ['reviews'] }),
        findingsOf('VirtualService', { hosts: ['*'], http: [{ route }] }),
        findingsOf('VirtualService', { hosts: ['*'], gateways: ['public'], http: [{ route }] }),
        findingsOf('VirtualService', { hosts: ['a', 'b..c', 'a', 'c*.d'], http: [{ route }] }),
      ],
      [
        [
          'spec.hosts: Required value: write the names that the rules hold for',
          'spec: Required value: write rules under http, tls or tcp',
        ],
        ['spec: Required value: write rules under http, tls or tcp'],
        [
          'spec.hosts[0]: Invalid value: "*": is only allowed with gateways other than mesh; name the hosts',
        ],
        [],
        [
          'spec.hosts[1]: Invalid value: "b..c": must be a DNS name or an address; only its first label may be *',
          'spec.hosts[2]: Duplicate value: "a": give each one only once',
          'spec.hosts[3]: Invalid value: "c*.d": must be a DNS name or an address; only its first label may be *',
        ],
      ],
    );
  });

  it('wants exactly one thing to do with a request', () => {
    assert.deepEqual(
      [
        ofHttp({}),
        ofHttp({ route, redirect: { uri: '/' } }),
        ofHttp({
          redirect: { uri: '/' },
          rewrite: { uri: '/' },
          fault: { abort: { httpStatus: 500 } },
        }),
        ofHttp({ redirect: {} }),
        ofHttp({ directResponse: { status: 700 } }),
      ],
      [
        ['spec.http[0]: Required value: write one of route, redirect, directResponse or delegate'],
        ['spec.http[0]: Forbidden: only one of route and redirect may be set; remove the others'],
        [
          'spec.http[0].rewrite: Forbidden: has no effect together with redirect; remove one of them',
          'spec.http[0].fault: Forbidden: cannot be used together with redirect; remove one of them',
        ],
        [
          'spec.http[0].redirect: Required value: write at least one of uri, prefixRewrite, authority, port, derivePort, scheme',
        ],
        [
          'spec.http[0].directResponse.status: Invalid value: 700: must be an HTTP status from 200 to 599',
        ],
      ],
    );
  });

  it('checks destinations and weights as Istio does', () => {
    const to = (weight?: number): object => ({
      destination: { host: 'reviews' },
      ...(weight === undefined ? {} : { weight }),
    });
    const findings = [
      [to(50), to(50), to(7)],
      [to()],
      [to(0), to(0)],
      [to(), to()],
      [to(-1), to(3)],
      [{ destination: { host: 'reviews', subset: 'Blue-Green' } }],
    ];
    assert.deepEqual(
      findings.map((destinations) => ofHttp({ route: destinations })),
      [
        [],
        [],
        [
          'spec.http[0].route: Invalid value: 0: the weights of several destinations must not add up to 0',
        ],
        [
          'spec.http[0].route: Invalid value: 0: the weights of several destinations must not add up to 0',
        ],
        ['spec.http[0].route[0].weight: Invalid value: -1: must not be negative'],
        [],
      ],
    );
    assert.deepEqual(
      ofHttp({ route: [{ destination: { host: '*', subset: 'V_1', port: { number: 70000 } } }] }),
      [
        'spec.http[0].route[0].destination.host: Invalid value: "*": must name one service',
        'spec.http[0].route[0].destination.subset: Invalid value: "V_1": must be letters, digits and -, at most 63 of them',
        'spec.http[0].route[0].destination.port.number: Invalid value: 70000: must be between 1 and 65535',
      ],
    );
  });

  it('checks matches', () => {
    const match = [
      { uri: { exact: '/a', prefix: '/b' } },
      { method: { prefix: '' } },
      { headers: { 'bad name': { exact: 'x' }, cookie: { regex: '(?=x)' } } },
      { port: 0, sourceNamespace: 'Bad' },
    ];
    assert.deepEqual(ofHttp({ match, route }), [
      'spec.http[0].match[0].uri: Forbidden: only one of exact, prefix, regex may be set; it has exact and prefix',
      'spec.http[0].match[1].method.prefix: Invalid value: "": must not be empty; leave the match out to match all',
      'spec.http[0].match[2].headers[cookie].regex: Invalid value: "(?=x)": uses look-around, which RE2 does not know; write it in RE2 syntax',
      'spec.http[0].match[2].headers: Invalid value: "bad name": must be a header name (RFC 9110 token)',
      'spec.http[0].match[3].port: Invalid value: 0: must be between 1 and 65535',
      'spec.http[0].match[3].sourceNamespace: Invalid value: "Bad": must be a namespace: lower-case letters, digits and -',
    ]);
  });

  it('checks durations, retries, faults and headers', () => {
    const rule = {
      route,
      timeout: '5',
      retries: { attempts: 0, retryOn: 'sometimes', perTryTimeout: '100us' },
      fault: { delay: { percentage: { value: 101 }, percent: 5 }, abort: { grpcStatus: 'BAD' } },
      headers: { request: { set: { ':path': '/', 'x-a': '50%' }, remove: ['Host'] } },
      mirrorPercent: 200,
    };
    assert.deepEqual(
      ofHttp(rule).map((line) => line.split(': supported')[0]),
      [
        'spec.http[0].timeout: Invalid value: "5": must be a duration such as 1.5s, 200ms or 1h',
        'spec.http[0].retries.attempts: Invalid value: 0: turns retries off, but other retry settings are given; set attempts or remove them',
        'spec.http[0].retries.perTryTimeout: Invalid value: "100us": must be a duration of at least 1ms',
        'spec.http[0].retries.retryOn: Unsupported value: "sometimes"',
        'spec.http[0].fault.abort.grpcStatus: Unsupported value: "BAD"',
        'spec.http[0].fault.delay.percentage.value: Invalid value: 101: must be a percentage between 0 and 100',
        'warning spec.http[0].fault.delay.percent: Invalid value: 5: is deprecated; use percentage',
        'warning spec.http[0].fault.delay.fixedDelay: Required value: without it nothing is delayed',
        'spec.http[0].headers.request.set[:path]: Forbidden: the header :path cannot be changed here',
        'spec.http[0].headers.request.set[x-a]: Invalid value: "50%": has a single %; write %% for a percent sign, or %COMMAND%',
        'spec.http[0].headers.request.remove[0]: Forbidden: the header Host cannot be changed here',
        'spec.http[0].mirrorPercent: Invalid value: 200: must be a percentage between 0 and 100',
        'warning spec.http[0].mirrorPercent: Invalid value: 200: is deprecated; use mirrorPercentage',
      ],
    );
  });

  it('warns of what nothing comes of', () => {
    const calls = {
      timeout: '1s',
      retries: { attempts: 1 },
      mirrors: [{ destination: { host: 'reviews' } }],
      headers: { request: { set: { 'x-a': 'b' } }, response: { set: { 'x-a': 'b' } } },
    };
    const idle = (field: string, action: string): string =>
      `warning spec.http[0].${field}: Forbidden: has no effect together with ${action}, which calls no service; remove it`;
    assert.deepEqual(
      [
        ofHttp({ redirect: { uri: '/' }, ...calls }),
        ofHttp({ directResponse: { status: 200 }, timeout: '1s' }),
        ofHttp({ route, ...calls }),
        ofHttp({ route, mirrorPercentage: { value: 10 } }),
        ofHttp({ match: [{ uri: { regex: '/a' }, ignoreUriCase: true }], route }),
        ofHttp({ match: [{ uri: { prefix: '/a' }, ignoreUriCase: true }], route }),
      ],
      [
        ['timeout', 'retries', 'mirrors', 'headers.request'].map((field) =>
          idle(field, 'redirect'),
        ),
        [idle('timeout', 'directResponse')],
        [],
        [
          'warning spec.http[0].mirrorPercentage: Forbidden: has no effect without mirror; in mirrors, each has its percentage',
        ],
        [
          'warning spec.http[0].match[0].ignoreUriCase: Forbidden: has no effect without uri.exact or uri.prefix; a regex says it itself, by (?i)',
        ],
        [],
      ],
    );
  });

  it('lets the host be set in one place only', () => {
    const headers = { request: { set: { Host: 'a' }, add: { ':authority': 'b' } } };
    assert.deepEqual(ofHttp({ route, rewrite: { authority: 'c' }, headers }), [
      'spec.http[0].headers.request.set[Host]: Forbidden: the host is already set by spec.http[0].rewrite.authority; set it once',
      'spec.http[0].headers.request.add[:authority]: Forbidden: the host is already set by spec.http[0].rewrite.authority; set it once',
    ]);
  });

  it('checks rules for TLS and TCP', () => {
    const spec = {
      hosts: ['*.example.com'],
      tls: [{ match: [{ sniHosts: ['a.example.com', 'other.org'] }] }, { match: [], route }],
      tcp: [{ match: [{ destinationSubnets: ['10.0.0.0/33', '::1/128'] }], route: [] }],
    };
    assert.deepEqual(findingsOf('VirtualService', spec), [
      'spec.tls[0].match[0].sniHosts[1]: Invalid value: "other.org": must be one of spec.hosts or below one: *.example.com',
      'spec.tls[0].route: Required value: write at least one destination',
      'spec.tls[1].match: Required value: write at least one match',
      'spec.tcp[0].match[0].destinationSubnets[0]: Invalid value: "10.0.0.0/33": must be an address or a CIDR such as 10.0.0.0/8',
      'spec.tcp[0].route: Required value: write at least one destination',
    ]);
  });

  it('says what YAML made of a duration or a name', () => {
    const slips = { timeout: 5, route: [{ destination: { host: 'reviews', subset: 1 } }] };
    assert.deepEqual(findingsOf('VirtualService', { hosts: ['reviews'], http: [slips] }), [
      'spec.http[0].route[0].destination.subset: Invalid value: 1: must be of type string; write it in quotes, "1"',
      'spec.http[0].timeout: Invalid value: 5: must be of type string; write its unit, such as 5s',
    ]);
  });

  it('checks delegates', () => {
    const lent = { match: [{ uri: { regex: 'a' } }], delegate: { name: 'x' } };
    assert.deepEqual(findingsOf('VirtualService', { gateways: ['mesh'], http: [lent] }), [
      'spec.gateways: Forbidden: a delegate (without hosts) takes the gateways of its root',
      'spec.http[0].delegate: Forbidden: a delegate (without hosts) cannot delegate again',
    ]);
  });

  it('refuses what Envoy would refuse a route table for', () => {
    const long = 'x'.repeat(16_385);
    const rules = [
      { route, headers: { request: { set: { 'x-a': '%UNKNOWN%' } } } },
      { route, headers: { response: { add: { [long]: 'a' } } } },
      { route, headers: { response: { add: { a: long } } } },
      { route, match: [{ queryParams: { '': { exact: '1' } } }] },
      { route, rewrite: { uri: '/a\r\nb' } },
      { route, rewrite: { uriRegexRewrite: { match: 'a', rewrite: '\n' } } },
      { redirect: { authority: 'a\nb' } },
      { directResponse: { status: 503, body: { string: 'ü'.repeat(600_000) } } },
    ];
    assert.deepEqual(
      rules.map((rule) => ofHttp(rule).map((line) => line.replaceAll(/x{20,}(\.\.\.)?/g, 'x..'))),
      [
        [
          'spec.http[0].headers.request.set[x-a]: Invalid value: "%UNKNOWN%": has %UNKNOWN%, which is no command of Envoy; write %% for a percent sign',
        ],
        [
          'spec.http[0].headers.response.add[x..]: Invalid value: "x..: must not be longer than 16384 bytes',
        ],
        [
          'spec.http[0].headers.response.add[a]: Invalid value: "x..: must not be longer than 16384 bytes',
        ],
        ['spec.http[0].match[0].queryParams: Required value: write the name of a query parameter'],
        [
          'spec.http[0].rewrite.uri: Invalid value: "/a\\r\\nb": must not hold line breaks; remove them',
        ],
        [
          'spec.http[0].rewrite.uriRegexRewrite.rewrite: Invalid value: "\\n": must not hold line breaks; remove them',
        ],
        [
          'spec.http[0].redirect.authority: Invalid value: "a\\nb": must not hold line breaks; remove them',
        ],
        [
          'spec.http[0].directResponse.body: Forbidden: must be less than 1 MiB; serve it from a service',
        ],
      ],
    );
  });

  it('reads empty prefixes of paths, the regular expression * and faults of answers as Istio does', () => {
    assert.deepEqual(
      [
        { route, match: [{ uri: { prefix: '' } }] },
        { route, match: [{ withoutHeaders: { 'x-debug': { regex: '*' } } }] },
        { directResponse: { status: 503 }, fault: { delay: { fixedDelay: '1s' } } },
      ].map(ofHttp),
      [
        [],
        [],
        ['spec.http[0].fault: Forbidden: cannot be used together with directResponse; remove one'],
      ],
    );
  });

  it('takes durations in whole milliseconds that Go can count, as Istio does', () => {
    assert.deepEqual(
      ['1500us', '2562047h', '2562048h'].map((timeout) => ofHttp({ route, timeout })),
      [
        [
          'spec.http[0].timeout: Invalid value: "1500us": must be in whole milliseconds, such as 1.5s or 200ms',
        ],
        [],
        ['spec.http[0].timeout: Invalid value: "2562048h": must be at most 2562047h (292 years)'],
      ],
    );
  });
});
