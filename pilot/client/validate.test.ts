import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { virtualServiceYaml } from '../../test/support/config-objects.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../../test/support/folders.ts';
import { linesOf, recordTerminal } from '../../test/support/recorded-terminal.ts';
import { type ValidateCommand, validateFiles } from './validate.ts';

describe('cmesh validate', () => {
  let folder: TemporaryFolder;

  before(async () => {
    folder = await makeTemporaryFolder();
  });

  after(() => folder.remove());

  async function validate(
    files: Readonly<Record<string, string>>,
    changes: Partial<ValidateCommand> = {},
    input = '',
  ): Promise<{ readonly code: number; readonly out: readonly string[]; readonly errors: string }> {
    const places = Object.keys(files).map((name) =>
      name === '-' ? name : join(folder.path, name),
    );
    for (const [name, text] of Object.entries(files)) {
      if (name !== '-' && text !== '') await writeFile(join(folder.path, name), text);
    }
    const terminal = recordTerminal(input);
    const command = { files: { places, isRecursive: false }, isStrict: false, ...changes };
    const code = await validateFiles(command, terminal);
    const shorten = (text: string): string => text.replaceAll(`${folder.path}/`, '');
    return {
      code,
      out: linesOf(shorten(terminal.printed())),
      errors: shorten(terminal.complained()),
    };
  }

  it('finds nothing in what pilot would take', async () => {
    assert.deepEqual(
      [
        await validate({ 'a.yaml': virtualServiceYaml('a', 'v1') }),
        await validate({ '-': '' }, {}, `${virtualServiceYaml('a', 'v1')}---\n---\n`),
      ],
      [
        { code: 0, out: ['1 object: nothing is wrong'], errors: '' },
        { code: 0, out: ['1 object: nothing is wrong'], errors: '' },
      ],
    );
  });

  it('says all mistakes of all files at once, each with its place, value and remedy', async () => {
    const two = virtualServiceYaml('a', 'v1')
      .replace('subset:', 'subst:')
      .replace('  hosts:\n    - a\n', '  hosts: []\n');
    const weights = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: Reviews # capital letter
spec:
  hosts: [reviews]
  http:
    - timeout: 5
      route:
        - destination: {host: reviews, subset: v1}
`;
    const { code, out } = await validate({
      'two.yaml': two,
      'weights.yaml': weights,
      'tab.yaml': 'apiVersion: networking.istio.io/v1\nspec:\n\thosts: []\n',
    });
    assert.equal(code, 1);
    assert.deepEqual(
      out.map((line) => line.replace(/^(\w+ \w+ \S+).*/, '$1')),
      [
        'error E_FIELD_UNKNOWN two.yaml:12:20',
        'error E_FIELD_INVALID weights.yaml:4:9',
        'error E_FIELD_INVALID weights.yaml:8:16',
        'error E_YAML tab.yaml:3:1:',
        '2 objects: 4 mistakes',
      ],
    );
    assert.match(out[3] ?? '', /put blanks instead of the tab/);
  });

  it('says what it does not check: kinds of others are warnings, misspelt ones mistakes', async () => {
    const foreign = '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}\n';
    const misspelt = virtualServiceYaml('a', 'v1').replace('VirtualService', 'VirtualServces');
    const version = virtualServiceYaml('b', 'v1').replace('io/v1', 'io/v2');
    const [first, strict, wrong] = [
      await validate({ 'f.yaml': foreign }),
      await validate({ 'f.yaml': foreign }, { isStrict: true }),
      await validate({ 'w.yaml': `${misspelt}---\n${version}` }),
    ];
    assert.deepEqual(
      [first, strict.code, wrong],
      [
        {
          code: 0,
          out: [
            'warning E_KIND_UNKNOWN f.yaml:1:29 Deployment: kind: Invalid value: "apps/v1 Deployment": is not a kind of the mesh',
            '0 objects: 1 warning',
          ],
          errors: '',
        },
        1,
        {
          code: 1,
          out: [
            'error E_KIND_UNKNOWN w.yaml:2:7 VirtualServces: kind: Invalid value: "networking.istio.io/v1 VirtualServces": is not a kind of the mesh (did you mean "VirtualService"?)',
            'error E_KIND_UNKNOWN w.yaml:16:7 VirtualService: kind: Invalid value: "networking.istio.io/v2 VirtualService": is not a kind of the mesh (its apiVersion is networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3)',
            '0 objects: 2 mistakes',
          ],
          errors: '',
        },
      ],
    );
  });

  it('warns of an object that stands twice, in one file or in two', async () => {
    const { code, out } = await validate({
      'a.yaml': `${virtualServiceYaml('a', 'v1')}---\n${virtualServiceYaml('a', 'v2')}`,
      'b.yaml': virtualServiceYaml('a', 'v3'),
    });
    assert.deepEqual(
      [code, out],
      [
        0,
        [
          'warning W_REPEATED a.yaml:15:1 VirtualService default/a: stands at a.yaml:1:1 already; what comes last is what counts',
          'warning W_REPEATED b.yaml:1:1 VirtualService default/a: stands at a.yaml:15:1 already; what comes last is what counts',
          '3 objects: 2 warnings',
        ],
      ],
    );
  });

  it('prints JSON, and ends with 2 when a file cannot be read', async () => {
    const wrong = virtualServiceYaml('a', 'v1').replace('subset:', 'subst:');
    const { code, out, errors } = await validate(
      { 'a.yaml': wrong, 'missing.yaml': '' },
      { format: 'json' },
    );
    assert.deepEqual(
      [code, JSON.parse(out.join('\n')), errors],
      [
        2,
        {
          objects: 1,
          errors: 1,
          warnings: 0,
          problems: [
            {
              file: 'a.yaml',
              line: 13,
              column: 20,
              code: 'E_FIELD_UNKNOWN',
              severity: 'error',
              path: 'spec.http[0].route[0].destination.subst',
              resource: 'VirtualService default/a',
              message:
                'unknown field "spec.http[0].route[0].destination.subst" (did you mean "subset"?)',
            },
          ],
        },
        'missing.yaml: there is no such file\n',
      ],
    );
  });
});
