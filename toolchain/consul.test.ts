import assert from 'node:assert/strict';
import { FakeMachine } from '../test/support/fake-commands.ts';
import { provideConsul } from './consul.ts';

describe('provideConsul', () => {
  let machine: FakeMachine;

  beforeEach(async () => {
    machine = await FakeMachine.create();
  });
  afterEach(() => machine.close());

  it('takes a Consul on PATH from 1.19 on', async () => {
    const path = await machine.addCommand('consul', 'echo Consul v1.21.4');
    assert.equal(await provideConsul({ env: machine.env }), path);
  });

  it('tells what to do on a machine that has nothing', async () => {
    await assert.rejects(provideConsul({ env: machine.env }), (error: Error) => {
      const message = error.message.replaceAll(machine.folder, 'HOME');
      const reasons = message.split('\n').filter((line) => !line.includes('image'));
      assert.deepEqual(reasons, [
        'consul is not available. Tried:',
        '  - CONSUL_BIN: not set',
        '  - PATH: no consul there',
        '  - cache: no whole copy in HOME/cache/composemesh',
        '  - Go module github.com/hashicorp/consul@v1.19.2: go is not installed',
        'Do one of these:',
        '  - start Docker where hashicorp/consul:1.19 can be pulled, and run this again',
        '  - install Go 1.24 or newer, so that Consul can be built, and run this again',
        '  - install Consul 1.19 or newer and put it on PATH, or set CONSUL_BIN to its path',
      ]);
      return true;
    });
  });
});
