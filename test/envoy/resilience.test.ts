import assert from 'node:assert/strict';
import type { Json } from '../../pilot/api/resource.ts';
import { assertShare } from '../support/binomial.ts';
import { type EchoServer, answerWith } from '../support/echo-server.ts';
import { inTurn, reviewsPolicy, reviewsUrl, startReviews } from '../support/reviews-mesh.ts';
import {
  type MeshProxy,
  type TestMesh,
  destinationRule,
  to,
  versionsOf,
  virtualService,
} from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

const url = reviewsUrl;
/** In which Envoy tells a service how long (ms) the caller waits, if it does not wait for ever. */
const limit = 'x-envoy-expected-rq-timeout-ms';

const versions = versionsOf('reviews', 'v1', 'v2', 'v3');

describe('resilience through a real Envoy', () => {
  let mesh: TestMesh;
  let proxy: MeshProxy;
  let v1: EchoServer;
  let v2: EchoServer;
  let v3: EchoServer;
  const { held, hold } = startReviews((started) => {
    ({ mesh, proxy, v1, v2, v3 } = started);
  });

  function received(): readonly number[] {
    return [v1, v2, v3].map((server) => server.received.length);
  }

  /** What each has received when v1 has as many: Envoy may give up before our own servers get to read. */
  async function receivedBy(count: number): Promise<readonly number[]> {
    await until(`${count} requests at v1`, () => v1.received.length >= count);
    return received();
  }

  it('ends a call after its timeout, and tries it once', async () => {
    await mesh.use(
      versions,
      virtualService('reviews', { timeout: '0.1s', route: [to('reviews', 'v1')] }),
    );
    // The time begins before there is a connection; this one leaves one behind.
    await until('a call in time', async () => (await proxy.call(url)).status === 200);
    v1.answer = hold;
    v1.received.length = 0;
    const { status, body } = await proxy.call(url);
    assert.deepEqual(
      [status, body, await receivedBy(1), v1.received[0]?.headers[limit]],
      [504, 'upstream request timeout', [1, 0, 0], '100'],
    );
  });

  it('has no timeout unless a rule sets one', async () => {
    v1.answer = hold;
    await mesh.use(versions, virtualService('reviews', { route: [to('reviews', 'v1')] }));
    const answer = proxy.call(url);
    await until('the request', () => held.length === 1);
    held[0]?.end('late');
    assert.deepEqual([(await answer).body, v1.received[0]?.headers[limit]], ['late', undefined]);
  });

  describe('retries', () => {
    const retryCases: Readonly<
      Record<string, { retries: Json; status: number; answers: number; received: number }>
    > = {
      'as often as the rule says': {
        retries: { attempts: 3, retryOn: '5xx', backoff: '1ms' },
        status: 500,
        answers: 500,
        received: 4,
      },
      'not what the rule does not name': {
        retries: { attempts: 3, retryOn: 'connect-failure' },
        status: 500,
        answers: 500,
        received: 1,
      },
      'by status code': {
        retries: { attempts: 2, retryOn: '429', backoff: '1ms' },
        status: 429,
        answers: 429,
        received: 3,
      },
      'not at all with 0 attempts': {
        retries: { attempts: 0 },
        status: 503,
        answers: 503,
        received: 1,
      },
    };
    for (const [name, { retries, answers, status, received: count }] of Object.entries(
      retryCases,
    )) {
      it(name, async () => {
        v1.answer = answerWith(answers);
        await mesh.use(
          versions,
          virtualService('reviews', { retries, route: [to('reviews', 'v1')] }),
        );
        const answer = await proxy.call(url);
        assert.deepEqual([answer.status, received()], [status, [count, 0, 0]]);
      });
    }

    it('after the time for one try', async () => {
      v1.answer = hold;
      await mesh.use(
        versions,
        virtualService('reviews', {
          retries: { attempts: 2, perTryTimeout: '0.05s', retryOn: '5xx', backoff: '1ms' },
          route: [to('reviews', 'v1')],
        }),
      );
      const { status } = await proxy.call(url);
      assert.deepEqual([status, await receivedBy(3)], [504, [3, 0, 0]]);
    });

    it('at another member, without a word from the user, what is not served (503)', async () => {
      v1.answer = answerWith(503);
      await mesh.use(reviewsPolicy(inTurn));
      const answers = [];
      for (let call = 0; call < 30; call += 1) answers.push((await proxy.call(url)).status);
      assert.deepEqual(
        [new Set(answers), v1.received.length > 0],
        [new Set([200]), true],
        String(received()),
      );
    });

    it('at another member when one refuses connections', async () => {
      await mesh.declare({
        name: 'half',
        members: [{ port: 1 }, { port: v2.port }],
      });
      await mesh.use(destinationRule('half', { trafficPolicy: inTurn }));
      const answers = [];
      for (let call = 0; call < 20; call += 1) {
        answers.push((await proxy.call('http://half:9080/')).status);
      }
      const failed = await proxy.envoy.stat(
        'cluster.outbound|9080||half.service.consul.upstream_cx_connect_fail',
      );
      assert.deepEqual([new Set(answers), failed > 0], [new Set([200]), true]);
    });
  });

  describe('faults', () => {
    it('delay calls', async () => {
      await mesh.use(
        virtualService('reviews', {
          fault: { delay: { fixedDelay: '0.2s', percentage: { value: 100 } } },
          route: [to('reviews')],
        }),
      );
      const start = performance.now();
      const { status } = await proxy.call(url);
      assert.deepEqual([status, performance.now() - start >= 195], [200, true]);
    });

    it('end calls before they reach the service', async () => {
      await mesh.use(
        virtualService(
          'reviews',
          {
            match: [{ headers: { 'end-user': { exact: 'jason' } } }],
            fault: { abort: { httpStatus: 555, percentage: { value: 100 } } },
            route: [to('reviews')],
          },
          { route: [to('reviews')] },
        ),
      );
      const jason = await proxy.call(url, { headers: { 'end-user': 'jason' } });
      const answers = [jason.status, jason.body, (await proxy.call(url)).status];
      assert.deepEqual(answers, [555, 'fault filter abort', 200]);
    });

    it('end a share of the calls', async () => {
      const total = 300;
      await mesh.use(
        virtualService('reviews', {
          fault: { abort: { httpStatus: 500, percentage: { value: 30 } } },
          route: [to('reviews')],
        }),
      );
      const { 500: aborted = 0 } = await proxy.count(url, total);
      assertShare(aborted, total, 30);
    });

    it('answer with a gRPC status', async () => {
      await mesh.use(
        virtualService('reviews', {
          fault: { abort: { grpcStatus: 'UNAVAILABLE', percentage: { value: 100 } } },
          route: [to('reviews')],
        }),
      );
      const { headers } = await proxy.call(url, {
        method: 'POST',
        headers: { 'content-type': 'application/grpc' },
      });
      assert.equal(headers['grpc-status'], '14');
    });
  });

  describe('outlier detection', () => {
    const ejecting = {
      ...inTurn,
      outlierDetection: {
        consecutive5xxErrors: 1,
        interval: '60s',
        baseEjectionTime: '180s',
        maxEjectionPercent: 100,
      },
    };
    it('takes out the member that answers with errors', async () => {
      const [bad] = await mesh.startService('partly', 'bad', 'v2', 'v3');
      bad!.answer = answerWith(500);
      await mesh.use(destinationRule('partly', { trafficPolicy: ejecting }));
      const count = (): Promise<Readonly<Record<string, number>>> =>
        proxy.count('http://partly:9080/', 30);
      await until('a round without the bad one', async () => (await count())['500'] === undefined);
      // The bad one may have gone amid that round, and the turns begin anew with that.
      assert.deepEqual(await count(), { v2: 15, v3: 15 });
      assert.equal(await ejections('partly'), 1);
    });

    it('answers 503 when all members are out', async () => {
      const servers = await mesh.startService('wholly', 'v1', 'v2');
      for (const server of servers) server.answer = answerWith(500);
      await mesh.use(destinationRule('wholly', { trafficPolicy: ejecting }));
      const body = await until('an answer that is no 500', async () => {
        const answer = await proxy.call('http://wholly:9080/');
        return answer.status === 503 ? answer.body : undefined;
      });
      assert.deepEqual([body, await ejections('wholly')], ['no healthy upstream', 2]);
    });

    function ejections(name: string): Promise<number> {
      const service = `cluster.outbound|9080||${name}.service.consul`;
      return proxy.envoy.stat(`${service}.outlier_detection.ejections_active`);
    }
  });

  describe('connection pools', () => {
    it('take one call and one that waits, and answer 503 to the others', async () => {
      v1.answer = hold;
      await mesh.use(
        destinationRule('reviews', {
          trafficPolicy: {
            connectionPool: {
              tcp: { maxConnections: 1 },
              http: { http1MaxPendingRequests: 1, maxRequestsPerConnection: 1 },
            },
          },
          subsets: [{ name: 'v1', labels: { version: 'v1' } }],
        }),
        virtualService('reviews', { route: [to('reviews', 'v1')] }),
      );
      const subset = 'cluster.outbound|9080|v1|reviews.service.consul';
      const overflows = `${subset}.upstream_rq_pending_overflow`;
      const before = await proxy.envoy.stat(overflows);
      const answers: number[] = [];
      const call = async (): Promise<void> => {
        answers.push((await proxy.call(url)).status);
      };
      const calls = [call()];
      await until('the call that is served', () => held.length === 1);
      calls.push(...Array.from({ length: 4 }, call));
      await until('three refusals', () => answers.length === 3);
      v1.answer = undefined;
      held[0]?.end();
      await Promise.all(calls);
      assert.deepEqual(
        [answers, (await proxy.envoy.stat(overflows)) - before],
        [[503, 503, 503, 200, 200], 3],
      );
    });

    it('give up a connection that is not made in time', async () => {
      // An address for documentation (RFC 5737): nobody answers there.
      await mesh.declare({ name: 'away', members: [{ address: '192.0.2.1', port: 9080 }] });
      await mesh.use(
        destinationRule('away', {
          trafficPolicy: { connectionPool: { tcp: { connectTimeout: '0.05s' } } },
        }),
        virtualService('away', { retries: { attempts: 0 }, route: [to('away')] }),
      );
      assert.equal((await proxy.call('http://away:9080/')).status, 503);
    });
  });

  it('finds the members of a DNS service by their names', async () => {
    await mesh.declare({
      name: 'named',
      resolution: 'DNS',
      members: [{ address: 'localhost', port: v1.port }],
    });
    await mesh.use();
    const answer = await until('the name to be resolved', async () => {
      const { status, echo } = await proxy.call('http://named:9080/');
      return status === 200 ? echo.version : undefined;
    });
    assert.equal(answer, 'v1');
  });
});
