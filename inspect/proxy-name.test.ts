import assert from 'node:assert/strict';
import { findProxy } from './proxy-name.ts';

const proxy = (
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>> = {},
): Parameters<typeof findProxy>[1][number] => ({
  proxy: `${name}.${namespace}`,
  namespace,
  labels,
});

const proxies = [
  proxy('productpage-v1', 'default', { app: 'productpage', version: 'v1' }),
  proxy('reviews-v1', 'default', { app: 'reviews', version: 'v1' }),
  proxy('reviews-v1', 'shop', { app: 'reviews', version: 'v1' }),
  proxy('reviews-v2', 'default', { app: 'reviews', version: 'v2' }),
  proxy('reviews-v2-canary', 'default', { app: 'reviews', version: 'v2-canary' }),
];

function find(name: string, namespace?: string): string {
  try {
    return findProxy(name, proxies, namespace).proxy;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the name of a proxy', () => {
  it('is WORKLOAD.NAMESPACE, the workload, SERVICE/VERSION or the beginning of one', () => {
    assert.deepEqual(
      ['reviews-v1.shop', 'reviews-v2', 'reviews/v2', 'productpage', 'prod'].map((name) =>
        find(name),
      ),
      [
        'reviews-v1.shop',
        'reviews-v2.default',
        'reviews-v2.default',
        'productpage-v1.default',
        'productpage-v1.default',
      ],
    );
  });

  it('may mean several: then they are told, and a namespace decides', () => {
    assert.deepEqual(
      [find('reviews-v1'), find('reviews/v1'), find('reviews-v1', 'shop')],
      [
        'reviews-v1 may mean reviews-v1.default, reviews-v1.shop: name one of them',
        'reviews/v1 may mean reviews-v1.default, reviews-v1.shop: name one of them',
        'reviews-v1.shop',
      ],
    );
  });

  it('may be wrong: then the nearest one is told, and who is there', () => {
    const known =
      'connected are productpage-v1.default, reviews-v1.default, reviews-v1.shop, reviews-v2.default, reviews-v2-canary.default';
    assert.deepEqual(
      [find('reveiws-v2'), find('carts')],
      [
        `no proxy is called reveiws-v2: did you mean reviews-v2? ${known}`,
        `no proxy is called carts; ${known}`,
      ],
    );
    assert.equal(
      find('reviews-v1', 'test'),
      'no proxy of namespace test is connected to pilot, so there is no reviews-v1; connected are those of default, shop',
    );
    assert.throws(() => findProxy('carts', []), {
      message: 'no proxy is connected to pilot, so there is no carts',
    });
  });
});
