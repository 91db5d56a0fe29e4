import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { closeServer, listenOnLoopback, portOf } from '../test/support/loopback.ts';
import { freePort } from '../test/support/ports.ts';
import { accepting } from './accepting.ts';

describe('whether an application accepts connections', () => {
  it('is seen by connecting, also by a process that was held up meanwhile', async () => {
    const server = createServer();
    await listenOnLoopback(server);
    const connected = once(server, 'connection');
    const looking = accepting(portOf(server));
    const until = performance.now() + 1100;
    while (performance.now() < until);
    const accepts = await looking;
    await connected;
    await closeServer(server);
    assert.deepEqual([accepts, await accepting(await freePort())], [true, false]);
  });
});
