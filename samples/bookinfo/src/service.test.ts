import assert from 'node:assert/strict';
import { answering, nobody, silence, TestBed } from '../test/start.ts';
import { defaultTimeouts } from './config.ts';

const sorry = {
  details: 'Sorry, product details are currently unavailable for this book.',
  reviews: 'Sorry, product reviews are currently unavailable for this book.',
};

/** What Istio's own scripts, and readers, look for on the page. */
function look(page: string): Record<string, unknown> {
  const count = (text: string): number => page.split(text).length - 1;
  return {
    stars: count('glyphicon glyphicon-star '),
    black: count('text-black-500'),
    red: count('text-red-500'),
    unrated: count('Ratings service is currently unavailable'),
    pod: /Reviews served by: <code>([^<]*)</.exec(page)?.[1],
  };
}

async function getText(url: string, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url, { headers })).text();
}

async function getJson(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

describe('bookinfo', () => {
  const bed = new TestBed();
  afterEach(() => bed.close());

  describe('versions of reviews', () => {
    const cases = {
      v1: { stars: 0, black: 0, red: 0, unrated: 0, pod: 'reviews-v1-pod' },
      v2: { stars: 9, black: 10, red: 0, unrated: 0, pod: 'reviews-v2-pod' },
      v3: { stars: 9, black: 0, red: 10, unrated: 0, pod: 'reviews-v3-pod' },
    };
    for (const [version, expected] of Object.entries(cases)) {
      it(`show their stars: ${version}`, async () => {
        const page = await bed.startAll(version);
        assert.deepEqual(look(await getText(`${page.url}/productpage`)), expected);
      });
    }

    it('say that ratings are missing when ratings answers 500', async () => {
      const ratings = await bed.startUpstream(answering(500, { error: 'fault' }));
      const page = await bed.startAll('v2', { ratings: ratings.url });
      assert.deepEqual(look(await getText(`${page.url}/productpage`)), {
        stars: 0,
        black: 0,
        red: 0,
        unrated: 2,
        pod: 'reviews-v2-pod',
      });
    });

    it('do not ask for ratings in v1', async () => {
      const ratings = await bed.startUpstream(answering(200, {}));
      const page = await bed.startAll('v1', { ratings: ratings.url });
      await getText(`${page.url}/productpage`);
      assert.deepEqual(ratings.requests, []);
    });
  });

  describe('reviews', () => {
    const bodies = {
      silent: silence,
      'not JSON': answering(200, 'ratings'),
      empty: answering(200, {}),
    };
    for (const [what, listener] of Object.entries(bodies)) {
      it(`rates with an error when ratings is ${what}`, async () => {
        const ratings = await bed.startUpstream(listener);
        const { url } = await bed.start('reviews', {
          version: 'v3',
          upstreams: { details: nobody, reviews: nobody, ratings: ratings.url },
          timeouts: { page: 3000, ratings: 40 },
        });
        const reply = (await (await fetch(`${url}/reviews/0`)).json()) as { reviews: object[] };
        const error = 'Ratings service is currently unavailable';
        assert.deepEqual(
          reply.reviews.map((review) => 'rating' in review && review.rating),
          [{ error }, { error }],
        );
      });
    }

    it('answers with its pod, the word null for no cluster, and the id as text', async () => {
      const { url } = await bed.start('reviews');
      const { reviews, ...rest } = (await (await fetch(`${url}/reviews/007`)).json()) as {
        reviews: object[];
      };
      assert.deepEqual(
        [rest, reviews.map((review) => Object.keys(review))],
        [
          { id: '7', podname: 'reviews-v1-pod', clustername: 'null' },
          [
            ['reviewer', 'text'],
            ['reviewer', 'text'],
          ],
        ],
      );
    });

    it('knows no path for an id that is not a number', async () => {
      const { url } = await bed.start('reviews');
      assert.equal((await fetch(`${url}/reviews/abc`)).status, 404);
    });
  });

  describe('timeouts', () => {
    it('are those of the sample everybody knows', () => {
      assert.deepEqual(['v1', 'v2', 'v3'].map(defaultTimeouts), [
        { page: 3000, ratings: 10_000 },
        { page: 3000, ratings: 10_000 },
        { page: 3000, ratings: 2500 },
      ]);
    });

    it('end a page after one try of details and two of reviews', async () => {
      const slow = await bed.startUpstream(silence);
      const { url } = await bed.start('productpage', {
        upstreams: { details: slow.url, reviews: slow.url, ratings: nobody },
        timeouts: { page: 100, ratings: 100 },
      });
      const start = performance.now();
      const page = await getText(`${url}/productpage`);
      const elapsed = performance.now() - start;
      assert.deepEqual(
        {
          asked: slow.requests.map((request) => request.url),
          texts: [
            ...Object.values(sorry),
            'Error fetching product details!',
            'Error fetching product reviews!',
            'no answer, 2 tries',
          ].filter((text) => !page.includes(text)),
          inTime: elapsed >= 295,
        },
        { asked: ['/details/0', '/reviews/0', '/reviews/0'], texts: [], inTime: true },
        `the page took ${elapsed} ms`,
      );
    });

    it('hold for an answer that begins and does not end', async () => {
      const slow = await bed.startUpstream((_request, response) => {
        response.writeHead(200).write('{"id":');
      });
      const { url } = await bed.start('productpage', {
        upstreams: { details: slow.url, reviews: nobody, ratings: nobody },
        timeouts: { page: 60, ratings: 60 },
      });
      assert.deepEqual(await getJson(`${url}/api/v1/products/0`), {
        status: 500,
        body: { error: sorry.details },
      });
    });
  });

  describe('productpage', () => {
    it('shows the reviews of a second try', async () => {
      let tries = 0;
      const review = { reviewer: 'Ann', text: 'Good.', rating: { stars: 2, color: 'red' } };
      const flaky = await bed.startUpstream((request, response) => {
        tries += 1;
        answering(tries === 1 ? 503 : 200, { podname: 'second', reviews: [review] })(
          request,
          response,
        );
      });
      const { url } = await bed.start('productpage', {
        upstreams: { details: nobody, reviews: flaky.url, ratings: nobody },
      });
      const { stars, red, pod } = look(await getText(`${url}/productpage`));
      assert.deepEqual({ tries, stars, red, pod }, { tries: 2, stars: 2, red: 5, pod: 'second' });
    });

    it('serves the API, with the status of the service that failed', async () => {
      const page = await bed.startAll('v1');
      const bad = await bed.startUpstream(answering(555, {}));
      const broken = await bed.start('productpage', {
        upstreams: { details: bad.url, reviews: bad.url, ratings: nobody },
      });
      const ask = (base: string, path: string): Promise<unknown> =>
        getJson(`${base}/api/v1/products/0${path}`);
      assert.deepEqual(
        await Promise.all([
          ask(page.url, '/ratings'),
          ask(broken.url, ''),
          ask(broken.url, '/reviews'),
          ask(broken.url, '/ratings'),
        ]),
        [
          { status: 200, body: { id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } } },
          { status: 555, body: { error: sorry.details } },
          { status: 555, body: { error: sorry.reviews } },
          {
            status: 500,
            body: { error: 'Sorry, product ratings are currently unavailable for this book.' },
          },
        ],
      );
    });

    it('lists its one product', async () => {
      const { url } = await bed.start('productpage');
      const products = (await (await fetch(`${url}/api/v1/products`)).json()) as {
        title: string;
      }[];
      assert.deepEqual(
        products.map(({ title }) => title),
        ['The Comedy of Errors'],
      );
    });

    it('passes an id on as one path segment', async () => {
      const details = await bed.startUpstream(answering(200, {}));
      const { url } = await bed.start('productpage', {
        upstreams: { details: details.url, reviews: nobody, ratings: nobody },
      });
      await getText(`${url}/api/v1/products/..%2Fadmin%3Fx`);
      assert.deepEqual(
        details.requests.map((request) => request.url),
        ['/details/..%2Fadmin%3Fx'],
      );
    });

    it('shows what is left when answers make no sense', async () => {
      const nonsense = { reviews: [7, { rating: { stars: 99 } }, { rating: 3 }], podname: {} };
      const odd = await bed.startUpstream(answering(200, nonsense));
      const none = await bed.startUpstream(answering(200, null));
      const { url } = await bed.start('productpage', {
        upstreams: { details: none.url, reviews: odd.url, ratings: nobody },
      });
      const response = await fetch(`${url}/productpage`);
      const { stars, pod } = look(await response.text());
      assert.deepEqual(
        { status: response.status, stars, pod },
        { status: 200, stars: 5, pod: undefined },
      );
    });
  });

  describe('headers', () => {
    const trace = {
      'x-request-id': 'r1',
      'x-b3-traceid': 't1',
      'x-b3-spanid': 's1',
      b3: 't1-s1-1',
      traceparent: '00-t-s-01',
      tracestate: 'a=1',
      baggage: 'k=v',
      'x-ot-span-context': 'o1',
      'x-datadog-trace-id': 'd1',
      'grpc-trace-bin': 'g1',
      sw8: 'w1',
      'user-agent': 'tester',
      authorization: 'Bearer a',
      jwt: 'j',
    };

    it('of a trace go from the page to ratings, with the user of the session', async () => {
      const ratings = await bed.startUpstream(answering(200, { ratings: {} }));
      const page = await bed.startAll('v2', { ratings: ratings.url });
      const cookie = `session=${Buffer.from('{"user":"jason"}').toString('base64url')}`;
      await getText(`${page.url}/productpage`, {
        ...trace,
        cookie,
        'x-private': 'no',
        'end-user': 'eve',
      });
      const { host, connection, ...headers } = ratings.requests[0]?.headers ?? {};
      assert.deepEqual(
        { headers, host, connection },
        {
          headers: { ...trace, cookie, 'end-user': 'jason' },
          host: new URL(ratings.url).host,
          connection: 'close',
        },
      );
    });

    it('do not let a visitor name a user without a session', async () => {
      const reviews = await bed.startUpstream(answering(200, { reviews: [] }));
      const { url } = await bed.start('productpage', {
        upstreams: { details: nobody, reviews: reviews.url, ratings: nobody },
      });
      await getText(`${url}/productpage`, { 'end-user': 'jason' });
      assert.equal(reviews.requests[0]?.headers['end-user'], undefined);
    });

    it('name the version that answered', async () => {
      const { url } = await bed.start('details', { version: 'v2' });
      const versions = await Promise.all(
        ['/health', '/details/0', '/details/x', '/nowhere'].map(async (path) =>
          (await fetch(url + path)).headers.get('x-bookinfo-version'),
        ),
      );
      assert.deepEqual(versions, ['v2', 'v2', 'v2', 'v2']);
    });
  });

  describe('details and ratings', () => {
    it('answer every numeric id and refuse others', async () => {
      const details = await bed.start('details');
      const ratings = await bed.start('ratings');
      const { body, status } = (await getJson(`${details.url}/details/3`)) as {
        body: object;
        status: number;
      };
      assert.deepEqual(
        [
          { status, ...body },
          await getJson(`${details.url}/details/abc`),
          await getJson(`${details.url}/details`),
          await getJson(`${ratings.url}/ratings/7`),
          await getJson(`${ratings.url}/ratings/abc`),
        ],
        [
          {
            status: 200,
            id: 3,
            author: 'William Shakespeare',
            year: 1595,
            type: 'paperback',
            pages: 200,
            publisher: 'PublisherA',
            language: 'English',
            'ISBN-10': '1234567890',
            'ISBN-13': '123-1234567890',
          },
          { status: 400, body: { error: 'please provide numeric product id' } },
          { status: 400, body: { error: 'please provide numeric product id' } },
          { status: 200, body: { id: 7, ratings: { Reviewer1: 5, Reviewer2: 4 } } },
          { status: 400, body: { error: 'please provide numeric product ID' } },
        ],
      );
    });

    it('keep posted ratings, whatever the content type', async () => {
      const { url } = await bed.start('ratings');
      const post = (path: string, body: string): Promise<unknown> =>
        getJson(url + path, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
      const invalid = { status: 400, body: { error: 'please provide valid ratings JSON' } };
      const kept = { status: 200, body: { id: 7, ratings: { Reviewer1: 1 } } };
      assert.deepEqual(
        [
          await post('/ratings/7', '{"Reviewer1":1}'),
          await post('/ratings/7', '{"Reviewer1":'),
          await post('/ratings/7', '["Reviewer1"]'),
          await post('/ratings/x', '{}'),
          await getJson(`${url}/ratings/7`),
        ],
        [
          kept,
          invalid,
          invalid,
          { status: 400, body: { error: 'please provide numeric product ID' } },
          kept,
        ],
      );
    });

    it('are healthy, all four', async () => {
      const names = ['productpage', 'details', 'reviews', 'ratings'] as const;
      const services = await Promise.all(names.map((name) => bed.start(name)));
      assert.deepEqual(await Promise.all(services.map(({ url }) => getText(`${url}/health`))), [
        'Product page is healthy',
        '{"status":"Details is healthy"}',
        '{"status":"Reviews is healthy"}',
        '{"status":"Ratings is healthy"}',
      ]);
    });
  });
});
