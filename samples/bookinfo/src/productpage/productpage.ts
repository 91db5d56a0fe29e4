import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { Headers, HttpGet } from '../http/client.ts';
import { endUserHeader, forwardedHeaders } from '../http/forwarded-headers.ts';
import { createServer } from '../http/server.ts';
import type { Log } from '../log.ts';
import { createFetch, type Backend, type Fetched } from './backends.ts';
import { renderIndexPage } from './index-page.ts';
import { contentSecurityPolicy } from './layout.ts';
import { readDetails, readReviews, type Call, type PageModel } from './model.ts';
import { renderProductPage } from './page.ts';
import { comedyOfErrors, products } from './products.ts';
import { closedSession, headerValue, openSession, parseUser, readUser } from './session.ts';

/** The web page, and the public API under `/api/v1/products`. */
export function createProductPage(config: Config, get: HttpGet, log: Log): FastifyInstance {
  const server = createServer(config.version, log);
  server.get('/health', (_request, reply) =>
    reply.type('text/html').send('Product page is healthy'),
  );
  addPages(server, async (request) => {
    const fetch = createFetch(config, get, log);
    const headers = outgoingHeaders(request);
    // One after the other, as in Istio's sample: the delays of both add up.
    const details = await fetch('details', '0', headers);
    const reviews = await fetch('reviews', '0', headers);
    return renderProductPage(toModel(config, readUser(request.headers.cookie), details, reviews));
  });
  addLogin(server);
  server.get('/api/v1/products', () => products);
  addApi(server, '/api/v1/products/:id', 'details');
  addApi(server, '/api/v1/products/:id/reviews', 'reviews');
  addApi(server, '/api/v1/products/:id/ratings', 'ratings');
  return server;

  function addApi(api: FastifyInstance, path: string, backend: Backend): void {
    api.get<{ Params: { id: string } }>(path, async (request, reply) => {
      const fetch = createFetch(config, get, log);
      const { status, body } = await fetch(backend, request.params.id, outgoingHeaders(request));
      return reply.code(status).send(body);
    });
  }
}

function addPages(
  server: FastifyInstance,
  render: (request: FastifyRequest) => Promise<string>,
): void {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentSecurityPolicy,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  for (const path of ['/', '/index.html']) {
    server.get(path, (_request, reply) => reply.headers(headers).send(renderIndexPage()));
  }
  server.get('/productpage', async (request, reply) =>
    reply.headers(headers).send(await render(request)),
  );
}

/** Any name with any password will do. The way back is relative, so that it holds behind a path prefix. */
function addLogin(server: FastifyInstance): void {
  const form = 'application/x-www-form-urlencoded';
  server.addContentTypeParser(form, { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(body.toString()));
  });
  server.post('/login', (request, reply) => {
    const name = request.body instanceof URLSearchParams ? request.body.get('username') : null;
    const user = parseUser(name ?? '');
    const cookie = user === undefined ? closedSession : openSession(user);
    return reply.header('set-cookie', cookie).redirect('productpage');
  });
  server.get('/logout', (_request, reply) =>
    reply.header('set-cookie', closedSession).redirect('productpage'),
  );
}

function outgoingHeaders(request: FastifyRequest): Headers {
  const user = readUser(request.headers.cookie);
  return {
    ...forwardedHeaders(request.headers),
    ...(user === undefined ? {} : { [endUserHeader]: headerValue(user) }),
  };
}

function toModel(
  config: Config,
  user: string | undefined,
  details: Fetched,
  reviews: Fetched,
): PageModel {
  const reviewsSection = readReviews(reviews);
  const podname = reviewsSection.kind === 'content' ? reviewsSection.content.podname : undefined;
  return {
    product: comedyOfErrors,
    server: { version: config.version, podname: config.podname },
    details: readDetails(details),
    reviews: reviewsSection,
    calls: [toCall(details), { ...toCall(reviews), ...(podname === undefined ? {} : { podname }) }],
    ...(user === undefined ? {} : { user }),
  };
}

function toCall({ backend, tries, version }: Fetched): Call {
  return { service: backend, tries, ...(version === undefined ? {} : { version }) };
}
