import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ConsulClient, createConsulClient } from './consul-client.ts';

describe('the Consul client', () => {
  let server: Server;
  let client: ConsulClient;
  let answer: (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;
  let connections = 0;

  /** The reason why there was no answer. */
  const failure = async (work: Promise<unknown>): Promise<unknown> => {
    const error = (await work.catch((thrown: unknown) => thrown)) as Error & { code?: string };
    return { code: error.code, cause: (error.cause as Error | undefined)?.message };
  };

  before(async () => {
    server = createServer((request, response) => void answer(response, request));
    server.on('connection', () => (connections += 1));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    client = createConsulClient({ address: `http://127.0.0.1:${port}`, token: 'secret' });
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  it('sends one request after the other over one connection, and reads body and index', async () => {
    answer = async (response, request) => {
      const { method, url, headers } = request;
      const body = await text(request);
      response.setHeader('x-consul-index', '42');
      response.end(JSON.stringify([method, url, headers['x-consul-token'], body]));
    };
    const before = connections;
    assert.deepEqual(
      [
        await client.request({ path: '/v1/kv/a?keys' }),
        await client.request({ method: 'PUT', path: '/v1/txn', body: [{ a: 'ü' }] }),
        (await client.request({ path: '/v1/kv/b', asText: true })).body,
      ],
      [
        { body: ['GET', '/v1/kv/a?keys', 'secret', ''], index: 42 },
        { body: ['PUT', '/v1/txn', 'secret', '[{"a":"ü"}]'], index: 42 },
        '["GET","/v1/kv/b","secret",""]',
      ],
    );
    assert.equal(connections - before, 1);
  });

  it('reads a text whose characters come in two pieces', async () => {
    const [first, second] = [Buffer.from('"ü"').subarray(0, 2), Buffer.from('"ü"').subarray(2)];
    answer = (response) => {
      response.write(first, () => setImmediate(() => response.end(second)));
    };
    assert.deepEqual(await client.request({ path: '/v1/a' }), { body: 'ü' });
  });

  it('gives the text of a refusal', async () => {
    answer = (response) => {
      response.statusCode = 409;
      response.end('{"Errors":[{"What":"index is stale"}]}\n');
    };
    await assert.rejects(client.request({ method: 'PUT', path: '/v1/txn', body: [] }), {
      code: 'E_CONSUL_HTTP',
      status: 409,
      message: 'Consul answered 409 to PUT /v1/txn: {"Errors":[{"What":"index is stale"}]}',
    });
  });

  it('waits no longer than the limit, neither for an answer nor for the rest of one', async () => {
    const cause = 'no answer within 50 ms';
    answer = () => undefined;
    const silent = await failure(client.request({ path: '/v1/a', timeout: 50 }));
    answer = (response) => {
      response.write('{');
    };
    const halting = await failure(client.request({ path: '/v1/a', timeout: 50 }));
    const expected = { code: 'E_CONSUL_UNREACHABLE', cause };
    assert.deepEqual([silent, halting], [expected, expected]);
  });

  it('fails when the connection ends in the middle of an answer', async () => {
    answer = (response) => {
      response.write('{', () => response.destroy());
    };
    const expected = { code: 'E_CONSUL_UNREACHABLE', cause: 'aborted' };
    assert.deepEqual(await failure(client.request({ path: '/v1/a' })), expected);
  });

  it('ends a request that is no longer wanted, before and in the middle of the answer', async () => {
    const expected = { code: 'E_CONSUL_UNREACHABLE', cause: 'The operation was aborted' };
    for (const begin of [
      (): void => undefined,
      (one: ServerResponse): void => void one.write('{'),
    ]) {
      const abort = new AbortController();
      answer = (response) => {
        begin(response);
        setImmediate(() => {
          abort.abort();
        });
      };
      const { signal } = abort;
      assert.deepEqual(await failure(client.request({ path: '/v1/a', signal })), expected);
      assert.deepEqual(await failure(client.request({ path: '/v1/a', signal })), expected);
    }
  });
});
