import assert from 'node:assert/strict';
import { parseConfig } from './config.ts';

describe('bookinfo config', () => {
  it('has the defaults of the sample', () => {
    assert.deepEqual(parseConfig('reviews', { HOSTNAME: 'pod', SERVICE_VERSION: 'v3' }), {
      kind: 'config',
      config: {
        service: 'reviews',
        version: 'v3',
        host: '0.0.0.0',
        port: 9080,
        podname: 'pod',
        upstreams: {
          details: 'http://details:9080',
          reviews: 'http://reviews:9080',
          ratings: 'http://ratings:9080',
        },
        timeouts: { page: 3000, ratings: 2500 },
      },
    });
  });

  it('reads what the environment sets', () => {
    const parsed = parseConfig('productpage', {
      HOSTNAME: 'pod',
      HOST: '127.0.0.2',
      PORT: '0',
      CLUSTER_NAME: 'west',
      DETAILS_HOSTNAME: 'd.example',
      DETAILS_SERVICE_PORT: '81',
      REVIEWS_HOSTNAME: 'r.example',
      RATINGS_SERVICE_PORT: '82',
      HTTP_PROXY: '127.0.0.1:15080',
      NO_PROXY: 'localhost, .example',
    });
    assert.deepEqual(parsed, {
      kind: 'config',
      config: {
        service: 'productpage',
        version: 'v1',
        host: '127.0.0.2',
        port: 0,
        podname: 'pod',
        clustername: 'west',
        upstreams: {
          details: 'http://d.example:81',
          reviews: 'http://r.example:9080',
          ratings: 'http://ratings:82',
        },
        proxy: { url: new URL('http://127.0.0.1:15080'), bypass: ['localhost', '.example'] },
        timeouts: { page: 3000, ratings: 10_000 },
      },
    });
  });

  it('reports every mistake at once', () => {
    const parsed = parseConfig('reviewz', {
      PORT: '70000',
      RATINGS_SERVICE_PORT: 'tcp://10.0.0.1:9080',
      DETAILS_HOSTNAME: 'a b',
      http_proxy: 'https://proxy:3128',
    });
    assert.deepEqual(parsed, {
      kind: 'problems',
      problems: [
        'the service must be one of productpage, details, reviews, ratings, not reviewz',
        'PORT must be a port number, not 70000',
        'DETAILS_HOSTNAME must be a host name, not a b',
        'RATINGS_SERVICE_PORT must be a port number, not tcp://10.0.0.1:9080',
        'HTTP_PROXY must be a URL of the form http://host:port, not https://proxy:3128',
      ],
    });
  });
});
