import assert from 'node:assert/strict';
import { parseSettings } from './labels.ts';

function parse(env: Record<string, string>): object {
  const { value, problems } = parseSettings({ name: 'web', env, labels: {} }, 80);
  return {
    checks: value.checks.map(({ port, ...check }) => ({
      port,
      headers: 'headers' in check ? check.headers : undefined,
    })),
    problems: problems.map(({ code }) => code),
  };
}

describe('parseChecks', () => {
  const cases: readonly (readonly [string, string, object | undefined])[] = [
    ['one header', 'Authorization: Bearer a:b', { Authorization: ['Bearer a:b'] }],
    [
      'several headers as JSON',
      '{"Accept": ["text/plain", "text/html"], "X-One": "1"}',
      { Accept: ['text/plain', 'text/html'], 'X-One': ['1'] },
    ],
    ['a header without a name', ': value', undefined],
    ['a header whose name has a blank', 'X One: 1', undefined],
    ['JSON that is none', '{"Accept"', undefined],
    ['JSON with a number', '{"Accept": 1}', undefined],
    ['no header', 'plain', undefined],
  ];
  for (const [what, text, headers] of cases) {
    it(`${headers === undefined ? 'refuses' : 'reads'} ${what}`, () => {
      assert.deepEqual(parse({ SERVICE_CHECK_HTTP: '/', SERVICE_CHECK_HEADER: text }), {
        checks: [{ port: undefined, headers }],
        problems: headers === undefined ? ['E_CHECK_HEADER'] : [],
      });
    });
  }

  it('reads another port to check, and refuses one that is none', () => {
    const port = (text: string): object =>
      parse({ SERVICE_CHECK_TCP: '1', SERVICE_CHECK_PORT: text });
    assert.deepEqual(
      [port('8081'), port('65536')],
      [
        { checks: [{ port: 8081, headers: undefined }], problems: [] },
        { checks: [{ port: undefined, headers: undefined }], problems: ['E_CHECK_PORT'] },
      ],
    );
  });
});
