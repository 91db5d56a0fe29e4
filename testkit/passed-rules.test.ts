import assert from 'node:assert/strict';
import type { HttpMatchRequest } from '../pilot/api/virtual-service-schema.ts';
import { explainMismatch } from './passed-rules.ts';

const attempt = {
  request: {
    method: 'GET',
    url: 'http://reviews:9080/Reviews/0?a=1',
    headers: { 'end-user': 'jason' },
  },
  caller: { workload: 'productpage-v1', labels: { app: 'productpage' } },
};

const matches: readonly (readonly [match: HttpMatchRequest, ...reasons: string[]])[] = [
  [{}],
  [
    {
      uri: { exact: '/Reviews/0' },
      method: { exact: 'GET' },
      headers: { 'End-User': { prefix: 'ja' } },
    },
  ],
  [{ uri: { prefix: '/reviews' }, ignoreUriCase: true, port: 9080, queryParams: { a: {} } }],
  [{ uri: { regex: '(?i)/reviews.*' } }],
  [{ uri: { prefix: '/reviews' } }, 'path is "/Reviews/0", not "/reviews" and more'],
  [
    { method: { exact: 'POST' }, authority: { exact: 'reviews' } },
    'method is "GET", not "POST"',
    'authority is "reviews:9080", not "reviews"',
  ],
  [
    { headers: { cookie: { regex: 'a=.*' }, 'end-user': { exact: 'tom' } } },
    'header cookie is missing, must be /a=.*/',
    'header end-user is "jason", not "tom"',
  ],
  [{ withoutHeaders: { 'end-user': {} } }, 'header end-user must not be some value'],
  [{ queryParams: { a: { exact: '2' } } }, 'query parameter a is "1", not "2"'],
  [
    { port: 80, sourceNamespace: 'shop', sourceLabels: { app: 'ratings' } },
    'port is 9080, not 80',
    "the caller's namespace is default, not shop",
    'the caller\'s label app is "productpage", not "ratings"',
  ],
];

describe('why a match does not hold', () => {
  for (const [match, ...reasons] of matches) {
    it(`${JSON.stringify(match)}: ${reasons.length === 0 ? 'it does' : reasons.join('; ')}`, () => {
      assert.deepEqual(explainMismatch(match, attempt), reasons);
    });
  }
});
