import assert from 'node:assert/strict';
import type { Json } from '../../pilot/api/resource.ts';
import { assertShare } from '../support/binomial.ts';
import type { EchoServer } from '../support/echo-server.ts';
import {
  type CallOptions,
  type MeshProxy,
  TestMesh,
  to,
  versionsOf,
  virtualService,
} from '../support/test-mesh.ts';
import { until } from '../support/until.ts';

const url = 'http://reviews:9080';
const reviewsV1 = { route: [to('reviews', 'v1')] };
const reviewsV2 = { route: [to('reviews', 'v2')] };
const subsets = versionsOf('reviews', 'v1', 'v2', 'v3');

describe('routing through a real Envoy', () => {
  let mesh: TestMesh;
  let proxy: MeshProxy;
  let reviews: readonly EchoServer[];
  let details: EchoServer;

  before(async () => {
    mesh = await TestMesh.start();
    reviews = await mesh.startService('reviews', 'v1', 'v2', 'v3');
    [details] = (await mesh.startService('details', 'v1')) as [EchoServer];
    await mesh.declare({ name: 'web', port: 80, members: [{ port: details.port }] });
    proxy = await mesh.startProxy('10.9.0.1', { labels: { app: 'caller' } });
  });

  after(() => mesh.close());

  /** The version that answers, or the status of an answer that is no echo. */
  async function answerer(path: string, options: CallOptions = {}): Promise<string> {
    const { status, echo } = await proxy.call(`${url}${path}`, options);
    return status === 200 ? echo.version : String(status);
  }

  it('reaches a service by each of its names', async () => {
    await mesh.use();
    const names = ['details:9080', 'details.service:9080', 'details.service.consul:9080'];
    const portless = ['web', 'web.service', 'web.service.consul', 'web:80'];
    const answers = [];
    for (const name of [...names, ...portless]) {
      const { status, echo } = await proxy.call(`http://${name}/books/7?all=1`);
      answers.push([status, echo.service, echo.path, echo.headers['host']]);
    }
    assert.deepEqual(
      answers,
      [...names, ...portless].map((name) => [200, 'details', '/books/7?all=1', name]),
    );
  });

  it('says so when the mesh has no such service or port', async () => {
    const answers = [];
    for (const name of ['nobody:9080', 'details:81', 'details']) {
      const { status, body } = await proxy.call(`http://${name}/`);
      answers.push([status, body]);
    }
    const text = 'the mesh has no HTTP service of this name and port\n';
    assert.deepEqual(answers, Array(3).fill([502, text]));
  });

  it('answers 503 where a rule leads to a subset, host or port that does not exist', async () => {
    const answers = [];
    for (const destination of [
      { host: 'reviews', subset: 'v9' },
      { host: 'nobody' },
      { host: 'details', port: { number: 81 } },
    ]) {
      await mesh.use(subsets, virtualService('reviews', { route: [{ destination }] }));
      answers.push(await answerer('/'));
    }
    assert.deepEqual(answers, ['503', '503', '503']);
  });

  it('sends what a rule says to another service', async () => {
    await mesh.use(virtualService('reviews', { route: [to('details')] }));
    const { echo } = await proxy.call(`${url}/`);
    assert.deepEqual([echo.service, echo.headers['host']], ['details', 'reviews:9080']);
  });

  it('tells callers apart by their labels', async () => {
    const other = await mesh.startProxy('10.9.0.2', { labels: { app: 'other' } });
    await mesh.use(
      subsets,
      virtualService(
        'reviews',
        { match: [{ sourceLabels: { app: 'caller' } }], ...reviewsV2 },
        reviewsV1,
      ),
    );
    assert.deepEqual(
      [await proxy.count(url, 20), await other.count(url, 20)],
      [{ v2: 20 }, { v1: 20 }],
    );
  });

  it('splits requests by weight', async () => {
    const total = 500;
    await mesh.use(
      subsets,
      virtualService('reviews', {
        route: [to('reviews', 'v1', 80), to('reviews', 'v2', 20), to('reviews', 'v3', 0)],
      }),
    );
    const { v1 = 0, v2 = 0, ...rest } = await proxy.count(url, total);
    assert.deepEqual([v1 + v2, rest], [total, {}]);
    assertShare(v1, total, 80);
  });

  describe('changes requests:', () => {
    const rewrites: Readonly<
      Record<string, { rewrite: Json; match?: Json; path: string; becomes: string; host?: string }>
    > = {
      'a prefix': {
        match: { uri: { prefix: '/old' } },
        rewrite: { uri: '/new' },
        path: '/old/books?x=1',
        becomes: '/new/books?x=1',
      },
      'a whole path': {
        match: { uri: { exact: '/old' } },
        rewrite: { uri: '/new' },
        path: '/old?x=1',
        becomes: '/new?x=1',
      },
      'a path by a regular expression': {
        rewrite: { uriRegexRewrite: { match: '^/v1/(.*)$', rewrite: '/v2/\\1' } },
        path: '/v1/books?x=1',
        becomes: '/v2/books?x=1',
      },
      'an authority': {
        rewrite: { authority: 'elsewhere.example.com' },
        path: '/books',
        becomes: '/books',
        host: 'elsewhere.example.com',
      },
    };
    for (const [name, { rewrite, match, path, becomes, host }] of Object.entries(rewrites)) {
      it(`rewrites ${name}`, async () => {
        await mesh.use(
          virtualService('reviews', {
            ...(match === undefined ? {} : { match: [match] }),
            rewrite,
            route: [to('reviews')],
          }),
        );
        const { echo } = await proxy.call(`${url}${path}`);
        assert.deepEqual([echo.path, echo.headers['host']], [becomes, host ?? 'reviews:9080']);
      });
    }

    it('sets, adds and removes headers both ways, for the rule and for each destination', async () => {
      await mesh.use(
        subsets,
        virtualService('reviews', {
          headers: {
            request: { set: { 'x-set': 'new' }, add: { 'x-add': 'second' }, remove: ['x-gone'] },
            response: { set: { 'x-back': 'rule' } },
          },
          route: [
            {
              destination: { host: 'reviews', subset: 'v1' },
              headers: {
                request: { set: { 'x-version': 'one' } },
                response: { add: { 'x-more': 'yes' }, remove: ['x-backend'] },
              },
            },
          ],
        }),
      );
      const { echo, headers } = await proxy.call(`${url}/`, {
        headers: { 'x-set': 'old', 'x-add': 'first', 'x-gone': '1', 'x-kept': '1' },
      });
      const { 'x-set': set, 'x-add': add, 'x-gone': gone, 'x-kept': kept } = echo.headers;
      assert.deepEqual(
        { set, add, gone, kept, version: echo.headers['x-version'] },
        { set: 'new', add: 'first, second', gone: undefined, kept: '1', version: 'one' },
      );
      assert.deepEqual(
        [headers['x-back'], headers['x-more'], headers['x-backend']],
        ['rule', 'yes', undefined],
      );
    });

    it('sets the Host header by a rule on headers', async () => {
      await mesh.use(
        virtualService('reviews', {
          headers: { request: { set: { Host: 'elsewhere.example.com' } } },
          route: [to('reviews')],
        }),
      );
      const { echo } = await proxy.call(`${url}/`);
      assert.equal(echo.headers['host'], 'elsewhere.example.com');
    });
  });

  it('redirects', async () => {
    await mesh.use(
      virtualService(
        'reviews',
        {
          match: [{ uri: { prefix: '/all' } }],
          redirect: {
            uri: '/new',
            authority: 'new.example.com',
            scheme: 'https',
            port: 8443,
            redirectCode: 308,
          },
        },
        { match: [{ uri: { prefix: '/path' } }], redirect: { uri: '/elsewhere' } },
        {
          match: [{ uri: { prefix: '/host' } }],
          redirect: { authority: 'b.example.com', redirectCode: 302 },
        },
      ),
    );
    const answers = [];
    for (const path of ['/all/x', '/path?q=1', '/host/y?q=1']) {
      const { status, headers } = await proxy.call(`${url}${path}`);
      answers.push([status, headers.location]);
    }
    assert.deepEqual(answers, [
      [308, 'https://new.example.com:8443/new'],
      [301, 'http://reviews:9080/elsewhere?q=1'],
      [302, 'http://b.example.com/host/y?q=1'],
    ]);
  });

  it('answers by itself', async () => {
    await mesh.use(
      virtualService(
        'reviews',
        {
          match: [{ uri: { exact: '/tea' } }],
          directResponse: { status: 418, body: { string: 'short and stout' } },
          headers: { response: { set: { 'x-pot': 'tea' } } },
        },
        {
          match: [{ uri: { exact: '/bytes' } }],
          directResponse: { status: 200, body: { bytes: 'aGVsbG8=' } },
        },
        { directResponse: { status: 404 } },
      ),
    );
    const answers = [];
    for (const path of ['/tea', '/bytes', '/none']) {
      const { status, body, headers } = await proxy.call(`${url}${path}`);
      answers.push([status, body, headers['x-pot']]);
    }
    assert.deepEqual(answers, [
      [418, 'short and stout', 'tea'],
      [200, 'hello', undefined],
      [404, '', undefined],
    ]);
  });

  it('mirrors requests, whose answers nobody waits for', async () => {
    await mesh.use(
      subsets,
      virtualService('reviews', { ...reviewsV1, mirrors: [{ destination: { host: 'details' } }] }),
    );
    const path = '/mirrored?x=1';
    const { echo } = await proxy.call(`${url}${path}`, { method: 'POST', body: 'payload' });
    const copy = await until('the copy', () =>
      details.received.find((received) => received.path === path),
    );
    assert.deepEqual(
      [echo.version, copy.method, copy.body, copy.headers['host']],
      ['v1', 'POST', 'payload', 'reviews-shadow:9080'],
    );
  });

  it('mirrors a share of the requests', async () => {
    const total = 300;
    await mesh.use(
      subsets,
      virtualService('reviews', {
        ...reviewsV1,
        mirror: { host: 'reviews', subset: 'v2' },
        mirrorPercentage: { value: 25 },
      }),
    );
    const [, second] = reviews as [EchoServer, EchoServer];
    const cluster = 'cluster.outbound|9080|v2|reviews.service.consul';
    const before = second.received.length;
    const sentBefore = await proxy.envoy.stat(`${cluster}.upstream_rq_total`);
    await proxy.count(url, total);
    // A copy waits for its connection, while the answer to the request may be there already.
    const sent = await until('the copies', async () => {
      const stats = await proxy.envoy.stats(`^${cluster.replaceAll(/[.|]/g, '\\$&')}\\.`);
      const stat = (name: string): number => stats.get(`${cluster}.${name}`) ?? 0;
      const count = stat('upstream_rq_total') - sentBefore;
      const isAllSent = stat('upstream_rq_pending_active') + stat('upstream_rq_active') === 0;
      return isAllSent && second.received.length - before === count ? count : undefined;
    });
    assertShare(sent, total, 25);
  });

  it('answers browsers that ask across origins', async () => {
    await mesh.use(
      subsets,
      virtualService('reviews', {
        ...reviewsV1,
        corsPolicy: {
          allowOrigins: [{ exact: 'https://a.example.com' }, { regex: 'https://.*\\.b\\.com' }],
          allowMethods: ['GET', 'PUT'],
          allowHeaders: ['x-token'],
          exposeHeaders: ['x-backend'],
          maxAge: '24h',
          allowCredentials: true,
        },
      }),
    );
    const ask = async (origin: string, method = 'GET'): Promise<readonly unknown[]> => {
      const preflight = method === 'OPTIONS' ? { 'access-control-request-method': 'PUT' } : {};
      const { status, headers, echo } = await proxy.call(`${url}/`, {
        method,
        headers: { origin, ...preflight },
      });
      return [
        status,
        echo.version,
        ...['origin', 'methods', 'headers'].map((part) => headers[`access-control-allow-${part}`]),
        headers['access-control-expose-headers'],
        headers['access-control-max-age'],
        headers['access-control-allow-credentials'],
      ];
    };
    const none = undefined;
    assert.deepEqual(
      {
        preflight: await ask('https://a.example.com', 'OPTIONS'),
        simple: await ask('https://x.b.com'),
        stranger: await ask('https://evil.example.com'),
      },
      {
        preflight: [
          ...[200, '', 'https://a.example.com', 'GET,PUT', 'x-token'],
          ...['x-backend', '86400', 'true'],
        ],
        simple: [200, 'v1', 'https://x.b.com', none, none, 'x-backend', none, 'true'],
        stranger: [200, 'v1', none, none, none, none, none, none],
      },
    );
  });
});
