import assert from 'node:assert/strict';
import { request } from 'node:http';
import { answering, nobody, silence, TestBed } from '../../test/start.ts';
import { bypasses, createHttpGet } from './client.ts';

describe('HTTP client', () => {
  const bed = new TestBed();
  afterEach(() => bed.close());

  /** `timeout`: a limit (ms) that no answer takes. */
  const get = { headers: {}, timeout: 60_000 };

  it('sends calls of services through HTTP_PROXY, in absolute form', async () => {
    const ratings = await bed.start('ratings');
    const proxy = await bed.startUpstream((incoming, response) => {
      const { pathname } = new URL(incoming.url ?? '');
      request(`${ratings.url}${pathname}`, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      }).end();
    });
    const { url } = await bed.start('reviews', {
      version: 'v2',
      upstreams: { details: nobody, reviews: nobody, ratings: 'http://ratings:9080' },
      proxy: { url: new URL(proxy.url), bypass: [] },
    });
    const text = await (await fetch(`${url}/reviews/0`)).text();
    assert.deepEqual(
      {
        rated: text.includes('"stars":5,"color":"black"'),
        asked: proxy.requests.map(({ url: asked, headers }) => [asked, headers.host]),
      },
      { rated: true, asked: [['http://ratings:9080/ratings/0', 'ratings:9080']] },
    );
  });

  it('goes around the proxy for hosts in NO_PROXY', async () => {
    const upstream = await bed.startUpstream(answering(200, 'direct'));
    const proxy = { url: new URL(nobody), bypass: ['127.0.0.1'] };
    const reply = await createHttpGet(proxy)({ ...get, url: `${upstream.url}/a?b` });
    assert.deepEqual(
      [reply.kind === 'answer' && reply.body, upstream.requests.map(({ url }) => url)],
      ['"direct"', ['/a?b']],
    );
  });

  it('reads NO_PROXY as curl does', () => {
    const url = new URL('http://api.reviews.example:9080/');
    const cases: [string, boolean][] = [
      ['*', true],
      ['api.reviews.example', true],
      ['reviews.example', true],
      ['.reviews.example', true],
      ['*.reviews.example', true],
      ['API.Reviews.Example:9080', true],
      ['reviews.example:80', false],
      ['views.example', false],
      ['reviews', false],
      ['', false],
    ];
    assert.deepEqual(
      cases.map(([entry]) => [entry, bypasses(url, [entry])]),
      cases,
    );
  });

  it('tells in the reply why there is none', async () => {
    const hang = await bed.startUpstream(silence);
    const reset = await bed.startUpstream((incoming) => incoming.socket.destroy());
    const long = await bed.startUpstream((_request, response) => {
      response.end(Buffer.alloc(1024 * 1024 + 1));
    });
    const ask = async (url: string, timeout = get.timeout): Promise<unknown> => {
      const reply = await createHttpGet()({ ...get, url, timeout });
      return reply.kind === 'failure' ? reply.reason : reply;
    };
    assert.deepEqual(
      [await ask(hang.url, 150), await ask(reset.url), await ask(long.url), await ask(nobody)],
      [
        'no answer within 150 ms',
        'socket hang up',
        'the answer is longer than 1048576 bytes',
        'connect ECONNREFUSED 127.0.0.1:1',
      ],
    );
  });
});
