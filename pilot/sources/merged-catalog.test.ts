import assert from 'node:assert/strict';
import { WatchedCell } from '../../kit/watched.ts';
import { catalogOf } from '../../test/support/mesh-fixture.ts';
import type { RegisteredService } from '../model/service.ts';
import { mergeCatalogs } from './merged-catalog.ts';

const here = catalogOf([
  { service: 'reviews', address: '127.0.0.3', port: 9080, protocol: 'http' },
  { service: 'web', address: '127.0.0.2', port: 80 },
]);
const there = catalogOf([
  { service: 'reviews', address: '10.0.0.1', port: 9080 },
  { service: 'reviews', address: '10.0.0.1', port: 9090 },
  { service: 'ratings', address: '10.0.0.2', port: 9080 },
]);

describe('two registries', () => {
  it('are one when both have spoken, and no longer when it is closed', () => {
    const first = new WatchedCell<readonly RegisteredService[]>();
    const second = new WatchedCell<readonly RegisteredService[]>();
    const merged = mergeCatalogs(first, second);
    first.set(here);
    const before = merged.catalog.current();
    second.set(there);
    const after = merged.catalog
      .current()
      ?.map(({ hostname, ports, endpoints }) => [
        hostname,
        ports.map(({ number, protocol }) => [number, protocol]),
        endpoints.map(({ address, port }) => `${address}:${port}`),
      ]);
    void merged.close();
    second.set([]);
    assert.deepEqual(
      { before, after, closed: merged.catalog.current()?.length },
      {
        before: undefined,
        after: [
          ['ratings.service.consul', [[9080, undefined]], ['10.0.0.2:9080']],
          [
            'reviews.service.consul',
            [
              [9080, 'http'],
              [9090, undefined],
            ],
            ['10.0.0.1:9080', '10.0.0.1:9090', '127.0.0.3:9080'],
          ],
          ['web.service.consul', [[80, undefined]], ['127.0.0.2:80']],
        ],
        closed: 3,
      },
    );
  });
});
