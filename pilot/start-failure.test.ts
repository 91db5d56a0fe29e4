import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { describeError } from '../kit/errors.ts';
import { createLog } from '../kit/log.ts';
import { startPilot } from './app.ts';
import { type PilotConfig } from './config.ts';
import { reportFailure } from './start-failure.ts';

const log = createLog('test', 'silent');

describe('a pilot that cannot start', () => {
  let other: Server;
  before(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
  });
  after(() => other.close());

  async function failureOf(addresses: Pick<PilotConfig, 'grpc' | 'http'>): Promise<string> {
    const config: PilotConfig = {
      registry: { kind: 'none' },
      store: { kind: 'memory' },
      domain: 'service.consul',
      logLevel: 'silent',
      ...addresses,
    };
    return startPilot(config, log).then(() => 'started', describeError);
  }

  it('names the flag of an address that it cannot have, and says what to do', async () => {
    const { port } = other.address() as AddressInfo;
    const free = { grpc: '127.0.0.1:0', http: { host: '127.0.0.1', port: 0 } };
    const used = 'which another program uses; end that, or choose another address with';
    assert.deepEqual(
      (
        await Promise.all([
          failureOf({ ...free, http: { host: '127.0.0.1', port } }),
          failureOf({ ...free, grpc: `127.0.0.1:${port}` }),
          failureOf({ ...free, grpc: '192.0.2.1:1' }),
        ])
      ).map((message) => message.split(': ')[0]),
      [
        `cannot listen on 127.0.0.1:${port}, ${used} --http`,
        `cannot listen on 127.0.0.1:${port}, ${used} --grpc`,
        'cannot listen on 192.0.2.1:1, which is no address of this machine; choose another address with --grpc',
      ],
    );
  });

  it('tells a person at a terminal in words, and everybody in the log', () => {
    const said: string[] = [];
    const logged: string[] = [];
    const write = (text: string): number => said.push(text);
    const recorded = { ...log, error: (_: object, text: string): number => logged.push(text) };
    const error = new Error('no disk');
    reportFailure(error, recorded, { isTTY: true, write });
    reportFailure(error, recorded, { write });
    assert.deepEqual([said, logged], [['cmesh pilot: no disk\n'], ['no disk', 'no disk']]);
  });
});
