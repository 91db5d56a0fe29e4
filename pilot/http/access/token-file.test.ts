import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { formatProblem } from '../../../kit/problem.ts';
import { parseTokenFile } from './token-file.ts';

const secret = 'c0ffee-c0ffee-c0ffee';
const sha256 = createHash('sha256').update('from-sha256sum').digest('hex');

function problemsOf(text: string): readonly string[] {
  const parsed = parseTokenFile('tokens.yaml', text);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe('a token file', () => {
  it('says whose a token is, by the token or by its hash', () => {
    const parsed = parseTokenFile(
      'tokens.yaml',
      `tokens:
  - { name: alice, role: admin, token: ${secret} }
  - { name: ci, role: write, sha256: "${sha256}" }
`,
    );
    assert.ok(parsed.ok);
    const { find, size } = parsed.tokens;
    assert.deepEqual(
      [size, find(secret), find('from-sha256sum'), find(sha256), find(''), find(`${secret} `)],
      [
        2,
        { name: 'alice', role: 'admin' },
        { name: 'ci', role: 'write' },
        undefined,
        undefined,
        undefined,
      ],
    );
  });

  it('may be empty', () => {
    assert.deepEqual(problemsOf('tokens: []\n'), []);
  });

  it('is refused with all that is wrong in it, and no token is quoted', () => {
    const problems = problemsOf(`tokens:
  - { name: alice, role: root, token: ${secret} }
  - { name: "bob ", role: read, token: ${secret}2 }
  - { name: carol, role: read, token: short }
  - { name: dave, role: read, token: ${secret}3, sha256: "${sha256}" }
  - { name: erin, role: read, sha256: ${secret} }
  - { name: frank, role: read, token: ${secret}4, expires: never }
  - { name: frank, role: read, token: ${secret}4 }
  - text
`);
    const at = 'E_TOKEN_FILE tokens.yaml: ';
    assert.deepEqual(problems, [
      `${at}tokens[0].role: must be one of none, read, write, admin`,
      `${at}tokens[1].name: must be letters, digits and . _ @ -, at most 63 of them`,
      `${at}tokens[2].token: must be text of at least 16 visible ASCII characters; openssl rand -hex 32 makes a good one`,
      `${at}tokens[3]: write either token or sha256`,
      `${at}tokens[4].sha256: must be the 64 hexadecimal digits that sha256sum prints, in quotes`,
      `${at}tokens[5].expires: unknown field; known are name, role, token, sha256`,
      `${at}tokens[7]: must have name, role, and token or sha256`,
      `${at}frank has the token of another; give each its own`,
      `${at}the name frank is there twice; what each did could not be told apart`,
    ]);
    assert.ok(!problems.join().includes(secret));
  });

  it('is refused when it is no YAML or no list', () => {
    assert.deepEqual(
      [
        problemsOf(`tokens: [${secret}`),
        problemsOf(`tokens:\n${'- '.repeat(60_000)}${secret}`),
        problemsOf(`tokens: [*${secret}]`),
        problemsOf(secret),
        problemsOf(''),
      ],
      [
        ['E_TOKEN_FILE tokens.yaml: the file is not YAML (BAD_INDENT at line 1, column 30)'],
        [
          'E_TOKEN_FILE tokens.yaml: the file is not YAML (RESOURCE_EXHAUSTION at line 2, column 398)',
        ],
        ['E_TOKEN_FILE tokens.yaml: the file is not YAML (BAD_ALIAS at line 1, column 1)'],
        ['E_TOKEN_FILE tokens.yaml: the file must have a list named tokens; an empty one is []'],
        ['E_TOKEN_FILE tokens.yaml: the file must have a list named tokens; an empty one is []'],
      ],
    );
  });
});
