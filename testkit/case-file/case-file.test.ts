import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { formatProblem } from '../../kit/problem.ts';
import { matchGolden } from '../../test/support/golden.ts';
import { publishCaseFileSchema } from './case-file-schema.ts';
import { readCaseFile } from './case-file.ts';

const text = `
rules: [rules.yaml]
services:
  - { name: web, port: 80, protocol: http, versions: [v1, { version: v2, labels: { track: canary } }], labels: { team: a } }
  - { name: db, ports: [{ number: 3306, protocol: tcp }] }
defaults: { from: web, headers: { X-Tenant: 7 } }
cases:
  - name: simple
    request: http://web/
    expect: { version: v1 }
  - name: full
    from: { service: web, version: v2, labels: { zone: north } }
    request: { url: 'http://web/a', method: post, headers: { End-User: jason }, body: hello }
    when: { web/v2: { status: 503, delay: 1s, times: 1, headers: { retry-after: 1 } } }
    requests: 3
    tolerance: 20%
    expect:
      path: { prefix: /a }
      requestHeaders: { X-Tenant: 7, cookie: { absent: true } }
      took: { less: 2s }
      mirror: none
      fault: { delay: 7s, share: 50% }
      split: { v1: 25%, v2: 75 }
`;

describe('a case file', () => {
  it('is read with its defaults filled in', () => {
    const read = readCaseFile('a.yaml', text);
    assert.ok(read.ok, JSON.stringify(read));
    const { placeOf, ...file } = read.file;
    assert.deepEqual(placeOf('cases[1].expect.path'), { line: 18, column: 13 });
    const app = { app: 'web', team: 'a' };
    assert.deepEqual(file, {
      path: 'a.yaml',
      rules: ['rules.yaml'],
      services: {
        kind: 'list',
        services: [
          {
            name: 'web',
            ports: [{ number: 80, protocol: 'http' }],
            workloads: [
              { name: 'web-v1', version: 'v1', labels: { ...app, version: 'v1' } },
              { name: 'web-v2', version: 'v2', labels: { ...app, version: 'v2', track: 'canary' } },
            ],
          },
          {
            name: 'db',
            ports: [{ number: 3306, protocol: 'tcp' }],
            workloads: [{ name: 'db', labels: { app: 'db' } }],
          },
        ],
      },
      cases: [
        {
          name: 'simple',
          field: 'cases[0]',
          from: { target: 'web', labels: {} },
          request: { method: 'GET', url: 'http://web/', headers: { 'x-tenant': '7' } },
          when: [],
          expect: { version: 'v1' },
          tolerance: 0.1,
        },
        {
          name: 'full',
          field: 'cases[1]',
          from: { target: 'web/v2', labels: { zone: 'north' } },
          request: {
            method: 'POST',
            url: 'http://web/a',
            headers: { 'x-tenant': '7', 'end-user': 'jason' },
            body: 'hello',
          },
          when: [
            {
              target: 'web/v2',
              times: 1,
              behaviour: { status: 503, headers: { 'retry-after': '1' }, delay: 1000 },
            },
          ],
          expect: {
            path: { kind: 'prefix', value: '/a' },
            requestHeaders: {
              'x-tenant': { kind: 'exact', value: '7' },
              cookie: { kind: 'absent' },
            },
            took: { most: 2000 },
            mirror: [],
            fault: { delay: 7000, share: 0.5 },
            split: [
              { target: 'v1', share: 0.25 },
              { target: 'v2', share: 0.75 },
            ],
          },
          requests: 3,
          tolerance: 0.2,
        },
      ],
    });
  });

  const one = (rest: string): string =>
    `rules: [r.yaml]\ncases:\n  - { name: a, request: 'http://web/', ${rest} }\n`;
  const mistakes: Readonly<Record<string, readonly [text: string, ...problems: string[]]>> = {
    'what is nested sixty thousand levels deep': [
      `cases: ${'{a: '.repeat(60_000)}`,
      'E_YAML a.yaml:1:801: is nested more than 100 levels deep',
    ],
    'nothing at all': [
      '',
      'E_FIELD_REQUIRED a.yaml:1:1: cases: Required value: write `rules`, `services` and `cases`; docs/testing-rules.md has an example',
    ],
    'no cases': [
      'rules: [r.yaml]\ncases: []\n',
      'E_FIELD_REQUIRED a.yaml:2:8: cases: Required value: write at least one',
    ],
    'no rules': [
      one('expect: { status: 200 }').replace('r.yaml', ''),
      'E_FIELD_REQUIRED a.yaml:1:8: rules: Required value: name at least one file with rules',
    ],
    'unknown keys': [
      one('expct: { version: v1 }, expect: { versoin: v1 }'),
      'E_FIELD_UNKNOWN a.yaml:3:47: cases[0].expct: unknown key "expct": did you mean "expect"?',
      'E_FIELD_UNKNOWN a.yaml:3:83: cases[0].expect.versoin: unknown key "versoin": did you mean "version"?',
    ],
    'an empty expectation': [
      one('expect: {}'),
      'E_FIELD_REQUIRED a.yaml:3:48: cases[0].expect: Required value: write what must be seen, such as `{ version: v2 }`',
    ],
    'no expectation': [
      one('from: web'),
      'E_FIELD_REQUIRED a.yaml:3:5: cases[0].expect: Required value: write it',
    ],
    'a split that does not add up': [
      one('expect: { split: { v1: 50%, v3: 40% } }'),
      'E_FIELD_INVALID a.yaml:3:57: cases[0].expect.split: Invalid value: {"v1":"50%","v3":"40%"}: the shares are 90% in sum; they must be 100%',
    ],
    'a share that is none': [
      one('expect: { split: { v1: half, v3: 150% } }'),
      'E_FIELD_INVALID a.yaml:3:63: cases[0].expect.split.v1: Invalid value: "half": must be a percentage from 0% to 100%',
      'E_FIELD_INVALID a.yaml:3:73: cases[0].expect.split.v3: Invalid value: "150%": must be a percentage from 0% to 100%',
    ],
    'a wrong type': [
      one('expect: { status: ok, took: 7 }'),
      'E_FIELD_INVALID a.yaml:3:58: cases[0].expect.status: Invalid value: "ok": must be of type integer',
      'E_FIELD_INVALID a.yaml:3:68: cases[0].expect.took: Invalid value: 7: must be of type string or object',
    ],
    'a time without unit, and a text that is matched twice': [
      one(
        'expect: { took: { about: soon }, path: { exact: /a, prefix: /b }, body: { regex: "(" } }',
      ),
      'E_FIELD_INVALID a.yaml:3:79: cases[0].expect.path: Invalid value: {"exact":"/a","prefix":"/b"}: write one of exact, prefix, regex, present and absent',
      'E_FIELD_INVALID a.yaml:3:121: cases[0].expect.body.regex: Invalid value: "(": is no regular expression',
      'E_FIELD_INVALID a.yaml:3:65: cases[0].expect.took.about: Invalid value: "soon": must be a duration such as 7s, 1.5s or 200ms',
    ],
    'what cannot be at once': [
      one('expect: { unreachable: true, version: v1 }'),
      'E_FIELD_INVALID a.yaml:3:78: cases[0].expect.version: Invalid value: "v1": no backend gets a request for which unreachable holds; leave one of the two out',
    ],
    'a URL that is none, and a name that comes twice': [
      'rules: [r.yaml]\ncases:\n  - { name: a, request: reviews, expect: { status: 200 } }\n  - { name: a, request: { url: "tcp://db" }, expect: { port: 1 } }\n',
      'E_FIELD_INVALID a.yaml:3:25: cases[0].request: Invalid value: "reviews": must be http://SERVICE:PORT/PATH, or tcp://SERVICE:PORT',
      'E_FIELD_INVALID a.yaml:4:32: cases[1].request.url: Invalid value: "tcp://db": a connection needs a port, as in tcp://db:3306',
      'E_FIELD_DUPLICATE a.yaml:4:13: cases[1].name: Duplicate value: "a": give each one only once',
    ],
  };
  for (const [what, [source, ...problems]] of Object.entries(mistakes)) {
    it(`is refused for ${what}`, () => {
      const read = readCaseFile('a.yaml', source);
      assert.deepEqual(read.ok ? [] : read.problems.map(formatProblem), problems);
    });
  }

  it('has a schema for editors', () => {
    const path = fileURLToPath(
      new URL('../../docs/schemas/case-file.schema.json', import.meta.url),
    );
    matchGolden(path, `${JSON.stringify(publishCaseFileSchema(), undefined, 2)}\n`);
  });
});
