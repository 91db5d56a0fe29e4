import assert from 'node:assert/strict';
import { FakeMachine } from '../test/support/fake-commands.ts';
import { provideEnvoy } from './envoy.ts';

describe('provideEnvoy', () => {
  let machine: FakeMachine;

  beforeEach(async () => {
    machine = await FakeMachine.create();
  });
  afterEach(() => machine.close());

  it('takes an Envoy on PATH from 1.36 to 1.40', async () => {
    const path = await machine.addCommand('envoy', 'echo envoy version: abc/1.36.4/Clean/RELEASE');
    assert.equal(await provideEnvoy({ env: machine.env }), path);
  });

  it('tells what to do on a machine that has nothing of use', async () => {
    await machine.addCommand('envoy', 'echo envoy version: abc/1.35.0/Clean/RELEASE');
    await assert.rejects(provideEnvoy({ env: machine.env }), (error: Error) => {
      const message = error.message.replaceAll(machine.folder, 'HOME');
      const reasons = message.split('\n').filter((line) => !/image|wheel|pip/.test(line));
      assert.deepEqual(reasons, [
        'envoy is not available. Tried:',
        '  - ENVOY_BIN: not set',
        '  - PATH: HOME/bin/envoy is 1.35.0; supported: >=1.36.0 <1.41.0',
        '  - cache: no whole copy in HOME/cache/composemesh',
        'Do one of these:',
        '  - start Docker where envoyproxy/envoy:v1.40.0 can be pulled, and run this again',
        '  - install Envoy 1.36 to 1.40 and put it on PATH, or set ENVOY_BIN to its path',
      ]);
      return true;
    });
  });
});
