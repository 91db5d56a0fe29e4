import assert from 'node:assert/strict';
import { recordTerminal } from '../test/support/recorded-terminal.ts';
import { OperationError } from '../kit/errors.ts';
import { version } from '../kit/version.ts';
import { findSkew, runVersion } from './versions.ts';

const proxy = (name: string, agent: string, client: string): object => ({
  proxy: name,
  agent,
  client,
});

describe('versions', () => {
  it('that go together need no words', () => {
    const proxies = [proxy('a.default', '1.4.9', 'envoy 1.40.0')] as never;
    const registrators = [{ name: 'r', version: '1.4.2' }];
    assert.deepEqual(findSkew({ client: '1.4.0', pilot: '1.4.1', registrators, proxies }), []);
  });

  it('that do not go together are named, with what to do', () => {
    const proxies = [
      proxy('a.default', '1.3.0', 'envoy 1.39.0'),
      proxy('b.default', '1.4.0', 'envoy 1.40.0'),
    ] as never;
    const registrators = [{ name: 'shop-registrator-1', version: '1.2.0' }];
    assert.deepEqual(findSkew({ client: '2.4.0', pilot: '1.4.0', registrators, proxies }), [
      "this cmesh is 2.4.0, pilot is 1.4.0: use one of pilot's version",
      "the registrator shop-registrator-1 is 1.2.0, pilot is 1.4.0: start it with pilot's image",
      "a.default (1.3.0) has an agent of another version than pilot (1.4.0): start it with the sidecar image of pilot's version",
      'the proxies run several versions: envoy 1.39.0, envoy 1.40.0',
    ]);
  });

  it('are not shown in a form that there is not', async () => {
    await assert.rejects(
      runVersion({ output: 'xml' }, recordTerminal(), () => {
        throw new Error('nobody is asked');
      }),
      { code: 'E_USAGE', message: '-o "xml" is none of text, json and yaml' },
    );
  });

  it('are still said by the one that finds no pilot, with the exit code for that', async () => {
    const terminal = recordTerminal();
    const code = await runVersion({ output: 'text' }, terminal, () => {
      throw new OperationError('E_PILOT_UNREACHABLE', 'no pilot answers');
    });
    assert.deepEqual(
      [code, terminal.printed(), terminal.complained()],
      [3, `client version: ${version}\n`, 'cmesh version: no pilot answers\n'],
    );
  });
});
