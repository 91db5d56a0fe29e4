import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { answering, nobody, TestBed } from '../../test/start.ts';
import { headerValue, openSession, parseUser, readUser } from './session.ts';

/** Logs `username` in and returns the redirect and the cookie of the reply. */
async function logIn(
  url: string,
  username: string,
): Promise<{ location: unknown; cookie: string }> {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username, passwd: 'any' }),
    redirect: 'manual',
  });
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return { location: [response.status, response.headers.get('location')], cookie };
}

describe('productpage', () => {
  const bed = new TestBed();
  afterEach(() => bed.close());

  describe('session', () => {
    it('begins with a login, reaches reviews as end-user, and ends with a logout', async () => {
      const reviews = await bed.startUpstream(answering(200, { reviews: [] }));
      const { url } = await bed.start('productpage', {
        upstreams: { details: nobody, reviews: reviews.url, ratings: nobody },
      });
      const { location, cookie } = await logIn(url, 'jason');
      const page = await (await fetch(`${url}/productpage`, { headers: { cookie } })).text();
      const logout = await fetch(`${url}/logout`, { headers: { cookie }, redirect: 'manual' });
      assert.deepEqual(
        {
          location,
          endUser: reviews.requests[0]?.headers['end-user'],
          shown: page.includes('<b>jason</b>') && page.includes('href="logout"'),
          dialog: page.includes('name="login_form"'),
          logout: [logout.status, logout.headers.get('location'), logout.headers.get('set-cookie')],
        },
        {
          location: [302, 'productpage'],
          endUser: 'jason',
          shown: true,
          dialog: false,
          logout: [302, 'productpage', 'session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'],
        },
      );
    });

    it('is offered to a visitor without one', async () => {
      const { url } = await bed.start('productpage');
      const page = await (await fetch(`${url}/productpage`)).text();
      const wanted = ['action="login"', 'name="username"', 'name="passwd"', 'Sign in'];
      assert.deepEqual(
        wanted.filter((text) => !page.includes(text)),
        [],
      );
    });

    it('survives names that are no header values', async () => {
      const reviews = await bed.startUpstream(answering(200, { reviews: [] }));
      const { url } = await bed.start('productpage', {
        upstreams: { details: nobody, reviews: reviews.url, ratings: nobody },
      });
      const { cookie } = await logIn(url, 'Łucja\r\nx-evil: 1 🎭');
      const response = await fetch(`${url}/productpage`, { headers: { cookie } });
      const received = reviews.requests[0]?.headers['end-user'];
      assert.deepEqual(
        [response.status, Buffer.from(String(received), 'latin1').toString('utf8')],
        [200, 'Łucjax-evil: 1 🎭'],
      );
    });

    it('is read leniently: with other cookies, as signed by the known sample, or not at all', () => {
      const [value = ''] = openSession('jason').split(';');
      const cookies = [
        `theme=dark; ${value}; a=b`,
        `${value}.ZsoNfA.bm90LWNoZWNrZWQ`,
        'session=%%%',
        'session=',
        undefined,
        `session=${Buffer.from('{"user":7}').toString('base64url')}`,
      ];
      assert.deepEqual(cookies.map(readUser), [
        'jason',
        'jason',
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });

    it('keeps names short and on one line', () => {
      assert.deepEqual(
        [parseUser(' a\nb '), parseUser('\u0000 '), parseUser('é'.repeat(99)), headerValue('é')],
        ['ab', undefined, 'é'.repeat(64), 'Ã©'],
      );
    });
  });

  describe('page', () => {
    const attack = '<script>alert("1")</script>';
    const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;';

    it('escapes whatever came from outside', async () => {
      const details = await bed.startUpstream(answering(200, { author: attack }));
      const reviews = await bed.startUpstream(
        answering(200, {
          podname: attack,
          clustername: attack,
          reviews: [
            { reviewer: attack, text: attack, rating: { error: attack } },
            { reviewer: 'x', text: 'y', rating: { stars: 1, color: attack } },
          ],
        }),
      );
      const { url } = await bed.start('productpage', {
        podname: attack,
        version: attack,
        upstreams: { details: details.url, reviews: reviews.url, ratings: nobody },
      });
      const { cookie } = await logIn(url, attack);
      const page = await (await fetch(`${url}/productpage`, { headers: { cookie } })).text();
      assert.deepEqual(
        { raw: page.includes('<script'), escaped: page.split(escaped).length - 1 },
        { raw: false, escaped: 10 },
      );
    });

    it('loads nothing and runs nothing, and its policy says so', async () => {
      const page = await bed.startAll('v3');
      const response = await fetch(`${page.url}/productpage`);
      const text = await response.text();
      const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
      const hash = createHash('sha256').update(style).digest('base64');
      const policy = response.headers.get('content-security-policy') ?? '';
      assert.deepEqual(
        {
          remote: text.match(/<(script|img|iframe)|style=|@import|url\(|(src|rel="stylesheet")=/g),
          allowed: policy.includes("default-src 'none'") && policy.includes(`'sha256-${hash}'`),
          cached: response.headers.get('cache-control'),
          title: text.includes('<title>Simple Bookstore App</title>'),
        },
        { remote: null, allowed: true, cached: 'no-store', title: true },
      );
    });

    it('greets at the root and leads to the product', async () => {
      const { url } = await bed.start('productpage');
      const page = await (await fetch(url)).text();
      assert.deepEqual(
        ['productpage?u=normal', 'productpage?u=test'].filter((text) => !page.includes(text)),
        [],
      );
    });
  });
});
