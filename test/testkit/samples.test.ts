import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MeshPool } from '../../testkit/mesh/mesh-pool.ts';
import { runTestCommand } from '../../testkit/command/test-command.ts';
import { findEnvoy } from '../support/programs.ts';

const root = join(import.meta.dirname, '../..');

describe('the samples', () => {
  it('have cases for every file of rules', () => {
    const namesIn = (folder: string, ending: string): readonly string[] =>
      readdirSync(join(root, 'samples/bookinfo', folder))
        .filter((name) => name.endsWith(ending))
        .map((name) => name.slice(0, -ending.length));
    assert.deepEqual(namesIn('tests', '.mesh-test.yaml'), namesIn('networking', '.yaml'));
  });

  it('pass `cmesh test`', async () => {
    const envoy = await findEnvoy();
    let output = '';
    let complaints = '';
    const code = await runTestCommand(
      ['samples/bookinfo/tests'],
      { reporter: 'tap' },
      {
        folder: root,
        colours: false,
        signal: new AbortController().signal,
        openPool: () => Promise.resolve(new MeshPool(envoy)),
        print: (text) => (output += text),
        complain: (text) => (complaints += text),
      },
    );
    const failed = output.split('\n').filter((line) => line.startsWith('not ok'));
    assert.deepEqual([failed, code], [[], 0]);
    const warnings = complaints.trimEnd().split('\n').map(summarize);
    assert.deepEqual(warnings, [
      'W_NOT_IN_FORCE bookinfo-gateway.yaml Gateway kind',
      'W_NOT_IN_FORCE bookinfo-gateway.yaml VirtualService spec.gateways',
      'W_NOT_IN_FORCE certmanager-gateway.yaml Gateway kind',
      'W_NOT_IN_FORCE certmanager-gateway.yaml VirtualService spec.gateways',
      ...Array<string>(4).fill(
        'W_NOT_IN_FORCE destination-rule-all-mtls.yaml DestinationRule spec.trafficPolicy.tls',
      ),
    ]);
  });
});

/** The code, the file, the kind and the field of a warning. */
function summarize(warning: string): string {
  const [, code, file, kind, field] =
    /^warning: (\w+) \S*\/([^/:]+):\d+:\d+ (\w+) \S+: (\S+):/.exec(warning) ?? [];
  return [code, file, kind, field].join(' ');
}
