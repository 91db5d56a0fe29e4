/** What docs/testing-rules.md promises of a mesh that runs under Compose. */
import assert from 'node:assert/strict';
import { LiveSource } from '../../testkit/live/live-source.ts';
import { runTestCommand } from '../../testkit/command/test-command.ts';
import { root } from './command.ts';
import { applyRules, onStack, pilot, project, resetRules } from './stack.ts';

interface Ran {
  readonly code: number;
  readonly said: string;
}

onStack('cmesh test --live', () => {
  afterEach(() => resetRules());

  async function test(name: string): Promise<Ran> {
    let said = '';
    const code = await runTestCommand(
      [`samples/bookinfo/tests/${name}.mesh-test.yaml`],
      { reporter: 'tap' },
      {
        folder: root,
        colours: false,
        openPool: () => LiveSource.open({ pilot: { url: pilot }, project, anyRules: false }),
        signal: new AbortController().signal,
        print: (text) => (said += text),
        complain: (text) => (said += text),
      },
    );
    return { code, said };
  }

  const cases = [
    'virtual-service-all-v1',
    'virtual-service-reviews-jason-v2-v3',
    'virtual-service-reviews-test-v2',
    'virtual-service-reviews-90-10',
    'virtual-service-ratings-test-abort',
    'virtual-service-ratings-test-delay',
  ];
  for (const name of cases) {
    it(`passes the cases of ${name}`, async () => {
      await applyRules('destination-rule-all', name);
      const { code, said } = await test(name);
      assert.equal(code, 0, said);
    });
  }

  it('refuses cases whose rules are not in force', async () => {
    const { code, said } = await test('virtual-service-reviews-v3');
    assert.equal(code, 2);
    assert.match(said, /VirtualService default\/reviews is not in force/);
  });
});
