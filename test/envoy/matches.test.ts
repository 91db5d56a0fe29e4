import assert from 'node:assert/strict';
import type { Json } from '../../pilot/api/resource.ts';
import { type StartedMesh, startMesh } from '../../testkit/index.ts';
import { findEnvoy } from '../support/programs.ts';
import { type CallOptions, to, versionsOf, virtualService } from '../support/test-mesh.ts';

const url = 'http://reviews:9080';
const reviewsV1 = { route: [to('reviews', 'v1')] };
const reviewsV2 = { route: [to('reviews', 'v2')] };
const subsets = versionsOf('reviews', 'v1', 'v2', 'v3');

describe('matches of routes in a real Envoy', () => {
  let tried: StartedMesh;

  before(async () => {
    tried = await startMesh({
      envoy: await findEnvoy(),
      services: [
        { name: 'caller', port: 9080 },
        { name: 'reviews', port: 9080, versions: ['v1', 'v2', 'v3'] },
      ],
    });
  });

  after(() => tried.close());

  /** The version that answers, or the status that the proxy gives. */
  async function decide(path: string, options: CallOptions = {}): Promise<string> {
    const { method = 'GET', ...others } = options;
    const result = await tried.from('caller').request(method, `${url}${path}`, others);
    return result.version ?? String(result.status);
  }

  interface MatchCase {
    readonly match: Json;
    readonly hits: readonly Request[];
    readonly misses: readonly Request[];
  }
  type Request = string | readonly [path: string, options: CallOptions];
  const withHeaders = (headers: Readonly<Record<string, string>>): Request => ['/', { headers }];
  const user = (value: string): Request => withHeaders({ 'end-user': value });

  const cases: Readonly<Record<string, MatchCase>> = {
    'a header exactly': {
      match: { headers: { 'end-user': { exact: 'jason' } } },
      hits: [user('jason')],
      misses: ['/', user('Jason'), user('jasons')],
    },
    'a header by prefix': {
      match: { headers: { 'end-user': { prefix: 'ja' } } },
      hits: [user('jason'), user('ja')],
      misses: ['/', user('tj')],
    },
    'a header by a regular expression on the whole value': {
      match: { headers: { cookie: { regex: '^(.*?;)?(user=jason)(;.*)?$' } } },
      hits: [withHeaders({ cookie: 'a=1; user=x;user=jason' })],
      misses: ['/', withHeaders({ cookie: 'user=jason2' })],
    },
    'a header that is there': {
      match: { headers: { 'x-debug': {} } },
      hits: [withHeaders({ 'X-Debug': 'no' })],
      misses: ['/'],
    },
    'a header that is not there': {
      match: { withoutHeaders: { 'x-debug': {} } },
      hits: ['/'],
      misses: [withHeaders({ 'x-debug': '1' })],
    },
    'a header that has not this value': {
      match: { withoutHeaders: { 'end-user': { exact: 'jason' } } },
      hits: ['/', user('tom')],
      misses: [user('jason')],
    },
    'several headers together': {
      match: { headers: { a: { exact: '1' }, b: { exact: '2' } } },
      hits: [withHeaders({ a: '1', b: '2' })],
      misses: [withHeaders({ a: '1' }), withHeaders({ b: '2' })],
    },
    'one of several conditions': {
      match: [{ headers: { a: { exact: '1' } } }, { uri: { exact: '/b' } }],
      hits: [withHeaders({ a: '1' }), '/b'],
      misses: ['/', '/c'],
    },
    'a path exactly, whatever the query': {
      match: { uri: { exact: '/books' } },
      hits: ['/books', '/books?x=1'],
      misses: ['/books/', '/Books', '/books/1'],
    },
    'a path by prefix': {
      match: { uri: { prefix: '/books' } },
      hits: ['/books', '/books/1', '/bookshelf'],
      misses: ['/', '/Books'],
    },
    'a whole path by a regular expression': {
      match: { uri: { regex: '/books/[0-9]+' } },
      hits: ['/books/17', '/books/17?x=1'],
      misses: ['/books/x', '/books/17/pages'],
    },
    'a path whatever its case': {
      match: { uri: { exact: '/Books' }, ignoreUriCase: true },
      hits: ['/books', '/BOOKS'],
      misses: ['/book'],
    },
    'a prefix whatever its case': {
      match: { uri: { prefix: '/Books/' }, ignoreUriCase: true },
      hits: ['/books/1'],
      misses: ['/books'],
    },
    'a method': {
      match: { method: { exact: 'POST' } },
      hits: [['/', { method: 'POST', body: 'x' }]],
      misses: ['/'],
    },
    'a query parameter': {
      match: { queryParams: { q: { exact: '1' } } },
      hits: ['/?q=1', '/?a=2&q=1'],
      misses: ['/', '/?q=2', '/?q'],
    },
    'a query parameter by a regular expression': {
      match: { queryParams: { q: { regex: '[0-9]+' } } },
      hits: ['/?q=17'],
      misses: ['/?q=x', '/'],
    },
    'a query parameter that is there': {
      match: { queryParams: { q: {} } },
      hits: ['/?q', '/?q=x'],
      misses: ['/'],
    },
    'an authority': {
      match: { authority: { exact: 'reviews:9080' } },
      hits: ['/'],
      misses: [],
    },
    'another authority': {
      match: { authority: { prefix: 'elsewhere' } },
      hits: [],
      misses: ['/'],
    },
    'a scheme': {
      match: { scheme: { exact: 'http' } },
      hits: ['/'],
      misses: [],
    },
    'a port': { match: { port: 9080 }, hits: ['/'], misses: [] },
    'another port': { match: { port: 81 }, hits: [], misses: ['/'] },
    'labels of the caller': {
      match: { sourceLabels: { app: 'caller' } },
      hits: ['/'],
      misses: [],
    },
  };

  for (const [name, { match, hits, misses }] of Object.entries(cases)) {
    it(name, async () => {
      const matches = (Array.isArray(match) ? match : [match]) as readonly Json[];
      const rule = virtualService('reviews', { match: matches, ...reviewsV2 }, reviewsV1);
      await tried.use({ rules: [subsets, rule] });
      const ask = (requests: readonly Request[]): Promise<readonly string[]> =>
        Promise.all(
          requests.map((request) =>
            typeof request === 'string' ? decide(request) : decide(...request),
          ),
        );
      assert.deepEqual(
        { hits: await ask(hits), misses: await ask(misses) },
        { hits: hits.map(() => 'v2'), misses: misses.map(() => 'v1') },
      );
    });
  }

  it('the first rule that matches, in the order of the rules', async () => {
    const rule = virtualService(
      'reviews',
      { match: [{ uri: { prefix: '/a' } }], route: [to('reviews', 'v1')] },
      { match: [{ uri: { prefix: '/a/b' } }], route: [to('reviews', 'v2')] },
      { match: [{ uri: { exact: '/c' } }], route: [to('reviews', 'v3')] },
    );
    await tried.use({ rules: [subsets, rule] });
    assert.deepEqual(
      [await decide('/a/b'), await decide('/c'), await decide('/d')],
      ['v1', 'v3', '404'],
    );
  });
});
