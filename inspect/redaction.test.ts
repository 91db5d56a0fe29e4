import assert from 'node:assert/strict';
import { Redaction } from './redaction.ts';

const pem = `-----BEGIN RSA PRIVATE KEY-----\nMIIEow+planted/key\nAAAA\n-----END RSA PRIVATE KEY-----`;
const certificate = '-----BEGIN CERTIFICATE-----\nMIIB+not/secret\n-----END CERTIFICATE-----';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('what is given to others', () => {
  it('has no values of Secrets, and the keys of them', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'tls', namespace: 'default' },
      type: 'kubernetes.io/tls',
      data: {
        'tls.key': base64(pem),
        'tls.crt': base64(certificate),
        note: base64('planted-note'),
      },
    };
    assert.deepEqual(new Redaction().json({ items: [secret] }), {
      items: [
        {
          ...secret,
          data: { 'tls.key': '[REDACTED]', 'tls.crt': '[REDACTED]', note: '[REDACTED]' },
        },
      ],
    });
  });

  it('has no variables, flags and labels that look secret', () => {
    const inspection = {
      Config: {
        Env: [
          'PATH=/bin',
          'DB_PASSWORD=planted-1',
          'TLS_KEY=planted-2',
          'PILOT_HTTP=http://pilot:8080',
        ],
        Cmd: ['serve', '--token', 'planted-3', '--api-key=planted-4', '--port', '80'],
        Labels: { 'app.token': 'planted-5', app: 'token-service' },
      },
      Args: ['postgres://admin:planted-6@db/shop'],
    };
    assert.deepEqual(new Redaction().json(inspection), {
      Config: {
        Env: [
          'PATH=/bin',
          'DB_PASSWORD=[REDACTED]',
          'TLS_KEY=[REDACTED]',
          'PILOT_HTTP=http://pilot:8080',
        ],
        Cmd: ['serve', '--token', '[REDACTED]', '--api-key=[REDACTED]', '--port', '80'],
        Labels: { 'app.token': '[REDACTED]', app: 'token-service' },
      },
      Args: ['postgres://[REDACTED]@db/shop'],
    });
  });

  it('has no authorization headers, in rules and in what Envoy makes of them', () => {
    const rule = {
      headers: { request: { set: { authorization: 'Bearer planted-7', 'x-user': 'jason' } } },
      match: [{ headers: { 'x-api-key': { exact: 'planted-8' }, 'end-user': { exact: 'jason' } } }],
    };
    const route = {
      request_headers_to_add: [
        { header: { key: 'Authorization', value: 'Basic cGxhbnRlZC05' }, append_action: 'ADD' },
        { header: { key: 'x-user', value: 'jason' } },
      ],
      match: { headers: [{ name: 'cookie', string_match: { exact: 'session=planted-10' } }] },
    };
    assert.deepEqual(new Redaction().json({ rule, route }), {
      rule: {
        headers: { request: { set: { authorization: '[REDACTED]', 'x-user': 'jason' } } },
        match: [
          { headers: { 'x-api-key': { exact: '[REDACTED]' }, 'end-user': { exact: 'jason' } } },
        ],
      },
      route: {
        request_headers_to_add: [
          { header: { key: 'Authorization', value: '[REDACTED]' }, append_action: 'ADD' },
          { header: { key: 'x-user', value: 'jason' } },
        ],
        match: { headers: [{ name: 'cookie', string_match: { exact: '[REDACTED]' } }] },
      },
    });
  });

  it('has no private keys, whatever they stand in, and keeps certificates', () => {
    const redaction = new Redaction();
    const jwks = JSON.stringify({ keys: [{ kty: 'oct', kid: 'a', k: 'planted-11' }] });
    assert.deepEqual(
      {
        text: redaction.text(`before\n${pem}\nafter ${certificate}`),
        base64: redaction.text(`key ${base64(pem)} crt ${base64(certificate)}`),
        jwks: redaction.json({ jwks }),
        cut: redaction.text('-----BEGIN PRIVATE KEY-----\nMIIEow+planted'),
      },
      {
        text: `before\n[REDACTED] private key\nafter ${certificate}`,
        base64: `key [REDACTED] crt ${base64(certificate)}`,
        jwks: { jwks: '{"keys":[{"kty":"oct","kid":"a","k":"[REDACTED]"}]}' },
        cut: '[REDACTED] private key',
      },
    );
  });

  it('has no tokens and passwords in logs', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl';
    const lines = [
      'GET /login?user=a&access_token=planted-12 200',
      `jwt ${token} accepted`,
      '{"level":30,"password":"planted-13","msg":"hi"}',
      'connecting with --password planted-14 now',
      "config { apiKey: 'planted-15', max_tokens: 100 }",
      'header Authorization: Bearer planted-16',
      'cluster.x.upstream_rq_total: 3',
    ];
    assert.deepEqual(new Redaction().text(lines.join('\n')).split('\n'), [
      'GET /login?user=a&access_token=[REDACTED] 200',
      'jwt [REDACTED] accepted',
      '{"level":30,"password":"[REDACTED]","msg":"hi"}',
      'connecting with --password [REDACTED] now',
      "config { apiKey: '[REDACTED]', max_tokens: 100 }",
      'header Authorization: [REDACTED] [REDACTED]',
      'cluster.x.upstream_rq_total: 3',
    ]);
  });

  it('has a secret nowhere else once it is known', () => {
    const redaction = new Redaction();
    redaction.json({ kind: 'Secret', data: { password: base64('correct horse') } });
    redaction.json({ Env: ['DB_PASSWORD=s3cr3t/value'] });
    assert.deepEqual(
      [
        'the password is correct horse, or in base64 Y29ycmVjdCBob3JzZQ==',
        'url ?x=s3cr3t%2Fvalue and "s3cr3t/value"',
      ].map((text) => redaction.scrub(text)),
      ['the password is [REDACTED], or in base64 [REDACTED]', 'url ?x=[REDACTED] and "[REDACTED]"'],
    );
  });

  it('keeps what only sounds secret', () => {
    const rules = {
      gateway: { tls: { mode: 'SIMPLE', credentialName: 'bookinfo-cert' } },
      clusters: [{ name: 'outbound|80||token-service.service.consul', type: 'EDS' }],
      jwtRules: [{ issuer: 'me', jwksUri: 'https://issuer/keys', fromCookies: ['session'] }],
      retries: { attempts: 3 },
      endpoints: { 'secret-service.service.consul': [{ address: '10.0.0.1', port: 80 }] },
    };
    assert.deepEqual(new Redaction().json(rules), rules);
  });

  it('takes no time that grows with the square of a long line', () => {
    const long = 'a1_'.repeat(400_000);
    const start = process.cpuUsage();
    assert.equal(new Redaction().text(long), long);
    assert.ok(process.cpuUsage(start).user < 5_000_000);
  });
});
