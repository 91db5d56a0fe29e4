import assert from 'node:assert/strict';
import type { Json } from '../../pilot/api/resource.ts';
import { assertShare } from '../support/binomial.ts';
import type { EchoServer } from '../support/echo-server.ts';
import { inTurn, reviewsPolicy, reviewsUrl, startReviews } from '../support/reviews-mesh.ts';
import {
  type MeshProxy,
  type TestMesh,
  destinationRule,
  to,
  virtualService,
} from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

const url = reviewsUrl;

describe('load balancing through a real Envoy', () => {
  let mesh: TestMesh;
  let proxy: MeshProxy;
  let v1: EchoServer;
  let v2: EchoServer;
  const { held, hold } = startReviews((started) => {
    ({ mesh, proxy, v1, v2 } = started);
  });

  /**
   * The hash goes by the ports of the members, which are others each time. With a share of at least a quarter each (of the
   * 170 places or more on the ring it has a third, give or take a fortieth), one of three stays without any of 64 users
   * less than once in ten million runs: 3 * 0.75 ** 64.
   */
  const users = Array.from({ length: 64 }, (_, index) => `user-${index}`);

  it('in turn', async () => {
    await mesh.use(reviewsPolicy(inTurn));
    assert.deepEqual(await proxy.count(url, 30), { v1: 10, v2: 10, v3: 10 });
  });

  it('at random', async () => {
    await mesh.use(reviewsPolicy({ loadBalancer: { simple: 'RANDOM' } }));
    const { v1: first = 0 } = await proxy.count(url, 300);
    assertShare(first, 300, 100 / 3);
  });

  it('to the member with the fewest calls under way', async () => {
    v1.answer = hold;
    await mesh.use(reviewsPolicy({ loadBalancer: { simple: 'LEAST_REQUEST' } }));
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < 60; call += 1) {
      const before = v1.received.length;
      let answered = false;
      calls.push(proxy.call(url).then(() => (answered = true)));
      await until('the call to arrive', () => answered || v1.received.length > before);
    }
    const share = v1.received.length;
    for (const response of held) response.end();
    await Promise.all(calls);
    // Of two members chosen at random the idle one gets the call: v1 only when it is chosen twice, 1 in 9.
    assert.ok(share > 0 && share < 25, `v1 got ${share} of 60`);
  });

  it('by the weights of the members', async () => {
    await mesh.declare({
      name: 'uneven',
      members: [
        { port: v1.port, weight: 3 },
        { port: v2.port, weight: 1 },
      ],
    });
    await mesh.use(destinationRule('uneven', { trafficPolicy: inTurn }));
    const counts = await proxy.count('http://uneven:9080/', 40);
    assert.deepEqual(counts, { v1: 30, v2: 10 });
  });

  const hashes: Readonly<Record<string, { hash: Json; call: (user: string) => Promise<string> }>> =
    {
      'a header': {
        hash: { httpHeaderName: 'end-user' },
        call: async (user) =>
          (await proxy.call(url, { headers: { 'end-user': user } })).echo.version,
      },
      'a header, by Maglev': {
        hash: { httpHeaderName: 'end-user', maglev: { tableSize: 1009 } },
        call: async (user) =>
          (await proxy.call(url, { headers: { 'end-user': user } })).echo.version,
      },
      'a query parameter': {
        hash: { httpQueryParameterName: 'user', ringHash: { minimumRingSize: 512 } },
        call: async (user) => (await proxy.call(`${url}?user=${user}`)).echo.version,
      },
      'a cookie that the caller has': {
        hash: { httpCookie: { name: 'user', ttl: '0s' } },
        call: async (user) =>
          (await proxy.call(url, { headers: { cookie: `user=${user}` } })).echo.version,
      },
    };
  for (const [name, { hash, call }] of Object.entries(hashes)) {
    it(`by ${name}: equal calls to one member, others spread`, async () => {
      await mesh.use(reviewsPolicy({ loadBalancer: { consistentHash: hash } }));
      const once = await Promise.all(users.map(call));
      const again = await Promise.all(users.map(call));
      assert.deepEqual([again, new Set(once).size], [once, 3]);
    });
  }

  it('by the address of the caller', async () => {
    await mesh.use(reviewsPolicy({ loadBalancer: { consistentHash: { useSourceIp: true } } }));
    assert.equal(Object.keys(await proxy.count(url, 20)).length, 1);
  });

  it('by a cookie that the proxy gives out', async () => {
    await mesh.use(
      reviewsPolicy({
        loadBalancer: {
          consistentHash: { httpCookie: { name: 'session', path: '/', ttl: '60s' } },
        },
      }),
    );
    const first = await proxy.call(url);
    const [given = ''] = first.headers['set-cookie'] ?? [];
    const cookie = given.split(';')[0] ?? '';
    const counts = await proxy.count(url, 20, { headers: { cookie } });
    assert.match(given, /^session="[0-9a-f]+"; Max-Age=60; Path=\/; HttpOnly$/);
    assert.deepEqual(counts, { [first.echo.version]: 20 });
  });

  it('for a subset as the rule says for the subset', async () => {
    await mesh.use(
      destinationRule('reviews', {
        trafficPolicy: { loadBalancer: { consistentHash: { useSourceIp: true } } },
        subsets: [{ name: 'all', labels: {}, trafficPolicy: inTurn }],
      }),
      virtualService('reviews', { route: [to('reviews', 'all')] }),
    );
    assert.deepEqual(await proxy.count(url, 30), { v1: 10, v2: 10, v3: 10 });
  });
});
