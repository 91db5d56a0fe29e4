import assert from 'node:assert/strict';
import { parseAccessLogLine } from './access-log.ts';

const request =
  '[2026-11-21T11:22:20.101Z] "GET /reviews/0?a=b c HTTP/1.1" 200 - via_upstream - "-" 0 216 3 1 "-" ' +
  '"agent "quoted"" "07251235-12dc-4035-b726-b406c1632c7c" "reviews:9080" "127.0.0.1:4100" ' +
  'outbound|9080|v2|reviews.service.consul 127.0.0.1:51000 240.240.238.115:9080 10.9.0.1:45678 - canary ' +
  '"VirtualService default/reviews" "spec.http[0].match[1]" 2';

const connection =
  '[2026-11-21T11:22:20.101Z] "- - -" 0 UF,URX - - "delayed_connect_error:_111" 0 0 12 - "-" "-" "-" "-" ' +
  '"127.0.0.1:4200" outbound|3306||db.service.consul - 240.240.1.1:3306 10.9.0.1:45680 - - "-" "-" -';

describe('a line of the access log', () => {
  it('of a request says who asked what, who answered and which rule decided', () => {
    assert.deepEqual(parseAccessLogLine(request), {
      start: '2026-11-21T11:22:20.101Z',
      method: 'GET',
      path: '/reviews/0?a=b c',
      protocol: 'HTTP/1.1',
      status: 200,
      flags: [],
      details: 'via_upstream',
      duration: 3,
      requestId: '07251235-12dc-4035-b726-b406c1632c7c',
      authority: 'reviews:9080',
      upstreamHost: '127.0.0.1:4100',
      upstreamCluster: 'outbound|9080|v2|reviews.service.consul',
      localAddress: '240.240.238.115:9080',
      remoteAddress: '10.9.0.1:45678',
      routeName: 'canary',
      rule: 'VirtualService default/reviews',
      rulePath: 'spec.http[0].match[1]',
      attempts: 2,
    });
  });

  it('of a byte stream says where it went', () => {
    assert.deepEqual(parseAccessLogLine(connection), {
      start: '2026-11-21T11:22:20.101Z',
      status: 0,
      flags: ['UF', 'URX'],
      duration: 12,
      upstreamHost: '127.0.0.1:4200',
      upstreamCluster: 'outbound|3306||db.service.consul',
      localAddress: '240.240.1.1:3306',
      remoteAddress: '10.9.0.1:45680',
      attempts: 0,
    });
  });

  it('is told from other lines', () => {
    assert.equal(parseAccessLogLine('[warning] something else'), undefined);
  });
});
