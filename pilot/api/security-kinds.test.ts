import assert from 'node:assert/strict';
import { findingsOf } from '../../test/support/findings.ts';

type Case = readonly [spec: object, findings: readonly string[]];

function check(kind: string, cases: readonly Case[]): void {
  assert.deepEqual(
    cases.map(([spec]) => findingsOf(kind, spec).map((line) => line.split(': supported')[0])),
    cases.map(([, findings]) => findings),
  );
}

const selector = { matchLabels: { app: 'a' } };

describe('PeerAuthentication', () => {
  it('checks modes, ports and what it holds for', () => {
    check('PeerAuthentication', [
      [{}, []],
      [{ mtls: { mode: 'STRICT' }, selector, portLevelMtls: { 8080: { mode: 'DISABLE' } } }, []],
      [{ mtls: { mode: 'MAYBE' } }, ['spec.mtls.mode: Unsupported value: "MAYBE"']],
      [
        { portLevelMtls: { 80: {} } },
        ['spec.selector.matchLabels: Required value: portLevelMtls is for selected workloads only'],
      ],
      [
        { selector, portLevelMtls: { 0: {}, http: {} } },
        [
          'spec.portLevelMtls: Invalid value: "0": must be a port number between 1 and 65535',
          'spec.portLevelMtls: Invalid value: "http": must be a port number between 1 and 65535',
        ],
      ],
      [{ selector, portLevelMtls: {} }, ['spec.portLevelMtls: Required value: write at least one']],
      [
        { selector: { matchLabels: { app: 'a*' } } },
        [
          'spec.selector.matchLabels: Invalid value: "app=a*": wildcards are not supported in a selector',
        ],
      ],
    ]);
  });
});

describe('RequestAuthentication', () => {
  it('checks issuers, keys and the places of tokens', () => {
    const issuer = 'https://issuer.example.com';
    const rule = (fields: object): object => ({ jwtRules: [{ issuer, ...fields }] });
    const at = 'spec.jwtRules[0]';
    check('RequestAuthentication', [
      [{}, []],
      [rule({ jwks: '{"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]}', timeout: '2s' }), []],
      [
        { jwtRules: [{ jwksUri: 'https://example.com/keys', fromHeaders: [{ name: 'x-jwt' }] }] },
        [],
      ],
      [{ jwtRules: [{}] }, [`${at}.issuer: Required value: write it, or jwksUri`]],
      [
        rule({ jwks: '{}', jwksUri: 'ftp://example.com' }),
        [
          `${at}: Forbidden: only one of jwks, jwksUri, jwks_uri may be set; it has jwks and jwksUri`,
          `${at}.jwksUri: Invalid value: "ftp://example.com": must be a URL that begins with http:// or https://`,
          `${at}.jwks: Invalid value: "(not shown)": must be a JSON web key set: {"keys": [{"kty": ...}]}`,
        ],
      ],
      [
        rule({ jwks: '{"keys": [{"n": "x"}, {"kty": "oct", "k": "topsecret"}]}' }),
        [
          `${at}.jwks.keys[0]: Invalid value: "(not shown)": must be a key with a field kty`,
          `warning ${at}.jwks.keys[1]: Invalid value: "(not shown)": holds a private key; only its public part is needed`,
        ],
      ],
      [
        rule({ timeout: 'apple' }),
        [`${at}.timeout: Invalid value: "apple": must be a duration such as 1.5s, 200ms or 1h`],
      ],
      [
        rule({ audiences: [''], outputClaimToHeaders: [{ claim: 'a', header: ':path' }] }),
        [
          `${at}.audiences[0]: Required value: must not be empty`,
          `${at}.outputClaimToHeaders[0].header: Invalid value: ":path": must match pattern "^[-_A-Za-z0-9]+$"`,
        ],
      ],
      [
        { selector, targetRef: { kind: 'Service', name: 'a' } },
        [
          'spec: Forbidden: only one of selector, targetRef, targetRefs may be set; it has selector and targetRef',
          'warning spec.targetRef: Invalid value: {"kind":"Service","name":"a"}: is deprecated; use targetRefs',
        ],
      ],
    ]);
  });
});

describe('AuthorizationPolicy', () => {
  const from = (source: object): object => ({ rules: [{ from: [{ source }] }] });
  const to = (operation: object): object => ({ rules: [{ to: [{ operation }] }] });
  const when = (condition: object): object => ({ rules: [{ when: [condition] }] });

  it('accepts ordinary policies', () => {
    const specs = [
      {},
      { action: 'DENY', rules: [{}] },
      from({ principals: ['cluster.local/ns/default/sa/web'], ipBlocks: ['10.0.0.0/8'] }),
      from({ serviceAccounts: ['shop/web', 'web'], trustDomains: ['*.local', '*'] }),
      to({ methods: ['GET'], paths: ['/a/*', '/b/{*}/c/{**}'], ports: ['8080'] }),
      when({ key: 'request.headers[version]', values: ['v1'] }),
      when({ key: 'request.auth.claims[groups][0]', notValues: ['a'] }),
      when({ key: 'source.ip', values: ['10.0.0.1', 'fd00::/8'] }),
      {
        action: 'CUSTOM',
        provider: { name: 'ext' },
        rules: [{ to: [{ operation: { paths: ['/'] } }] }],
      },
    ];
    assert.deepEqual(
      specs.map((spec) => findingsOf('AuthorizationPolicy', spec)),
      specs.map(() => []),
    );
  });

  it('checks action, provider and rules', () => {
    check('AuthorizationPolicy', [
      [{ action: 'LOG' }, ['spec.action: Unsupported value: "LOG"']],
      [
        { action: 'DENY' },
        ['spec.rules: Required value: without rules DENY matches nothing; {} matches everything'],
      ],
      [
        { action: 'CUSTOM', rules: [{ from: [{ source: { namespaces: ['a'] } }] }] },
        [
          'spec.provider.name: Required value: action CUSTOM needs it',
          'spec.rules[0].from[0].source.namespaces: Forbidden: is not supported with action CUSTOM; remove it',
        ],
      ],
      [
        { provider: { name: 'a' } },
        ['spec.provider: Forbidden: is for action CUSTOM only, this one is ALLOW; remove it'],
      ],
      [
        { rules: [{ from: [], to: [{}] }] },
        [
          'spec.rules[0].from: Required value: write one, or leave it out',
          'spec.rules[0].to[0].operation: Required value: write at least one field',
        ],
      ],
      [
        { action: 'DENY', ...to({ methods: ['GET'] }) },
        [
          'warning spec.rules[0]: Forbidden: asks only what HTTP tells: on TCP ports it denies everything; name to.ports',
        ],
      ],
    ]);
    const annotations = { 'istio.io/dry-run': 'perhaps' };
    assert.deepEqual(
      [{}, { action: 'AUDIT' }].map((spec) =>
        findingsOf('AuthorizationPolicy', spec, { annotations }),
      ),
      [
        [
          'metadata.annotations[istio.io/dry-run]: Invalid value: "perhaps": must be "true" or "false"',
        ],
        [
          'metadata.annotations[istio.io/dry-run]: Forbidden: is for actions ALLOW and DENY, this one is AUDIT; remove it',
        ],
      ],
    );
  });

  it('checks callers, requests and conditions', () => {
    const source = 'spec.rules[0].from[0].source';
    const operation = 'spec.rules[0].to[0].operation';
    const condition = 'spec.rules[0].when[0]';
    check('AuthorizationPolicy', [
      [from({}), [`${source}: Required value: write at least one field`]],
      [
        from({ serviceAccounts: ['a/b/c'], namespaces: ['a'] }),
        [
          `${source}.namespaces: Forbidden: serviceAccounts say it already; use one of the two`,
          `${source}.serviceAccounts[0]: Invalid value: "a/b/c": must be NAME or NAMESPACE/NAME, without *`,
        ],
      ],
      [
        from({ notIpBlocks: ['10.0.0.0/33'], principals: [''], trustDomains: ['a*b', 'a/b'] }),
        [
          `${source}.notIpBlocks[0]: Invalid value: "10.0.0.0/33": must be an address or a CIDR such as 10.0.0.0/8`,
          `${source}.principals[0]: Required value: must not be empty; write a value`,
          `${source}.trustDomains[0]: Invalid value: "a*b": must be a trust domain, without /; * only at the beginning or the end`,
          `${source}.trustDomains[1]: Invalid value: "a/b": must be a trust domain, without /; * only at the beginning or the end`,
        ],
      ],
      [
        to({ ports: ['http'], paths: ['/{**}/{*}', '/{a}', '/a b/{*}'] }),
        [
          `${operation}.ports[0]: Invalid value: "http": must be a port number, such as "8080"`,
          `${operation}.paths[0]: Invalid value: "/{**}/{*}": has an operator after {**}; that must be the last one`,
          `${operation}.paths[1]: Invalid value: "/{a}": has braces; only {*} and {**} as whole segments are templates`,
          `${operation}.paths[2]: Invalid value: "/a b/{*}": has the segment "a b", which is not allowed beside {*} and {**}`,
        ],
      ],
      [
        when({ key: 'source.ip' }),
        [`${condition}.values: Required value: write values, notValues or both`],
      ],
      [
        when({ key: 'destination.port', values: ['99999'] }),
        [`${condition}.values[0]: Invalid value: "99999": must be a port number, such as "8080"`],
      ],
    ]);
    const [unknown = ''] = findingsOf('AuthorizationPolicy', when({ key: 'a.b', values: ['c'] }));
    assert.match(unknown, /when\[0\]\.key: Invalid value: "a\.b": must be one of request\.headers/);
  });
});
