import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { addressOf, closeServer, listenOnLoopback } from '../../test/support/loopback.ts';
import { LiveClient } from './live-client.ts';

describe('the rules of a running mesh', () => {
  it('are waited for until every proxy has them, for those who try them', async () => {
    let looks = 0;
    // A pilot whose proxies take the rule with the third look.
    const server = createServer((request, response) => {
      const isAsked = request.url?.endsWith('/virtualservices') === true;
      if (isAsked) looks += 1;
      const conditions = [{ type: 'Reconciled', status: looks > 2 ? 'True' : 'False' }];
      const rule = { ...virtualServiceObject('web', `v${looks}`), status: { conditions } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items: isAsked ? [rule] : [] }));
    });
    await listenOnLoopback(server);
    try {
      const client = new LiveClient({ url: `http://${addressOf(server)}` });
      const subsets = async (read: () => ReturnType<typeof client.rules>): Promise<unknown> =>
        (await read()).map(({ spec }) => /"subset":"(v\d)"/.exec(JSON.stringify(spec))?.[1]);
      assert.deepEqual(
        [await subsets(() => client.rules()), await subsets(() => client.settledRules())],
        [['v1'], ['v3']],
      );
    } finally {
      await closeServer(server);
    }
  });
});
