import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'mocha';
import { judgeMatch, judgeRoutes } from './conditions.ts';

const call = {
  request: {
    method: 'GET',
    url: 'http://reviews:9080/reviews/0?debug=1',
    headers: { 'End-User': 'jason' },
  },
  caller: { workload: 'productpage-v1', labels: { app: 'productpage' } },
};

describe('conditions of rules', () => {
  it('are told in words, met or not', () => {
    const judged = judgeMatch(
      {
        uri: { prefix: '/Reviews' },
        ignoreUriCase: true,
        method: { exact: 'POST' },
        authority: { regex: 'reviews(:.*)?' },
        headers: { 'end-user': { regex: '(?i)JAS.*' }, cookie: {}, 'x-a': { prefix: 'b' } },
        withoutHeaders: { 'end-user': { exact: 'jason' }, 'x-b': {} },
        queryParams: { debug: { exact: '1' }, other: {} },
        port: 9081,
        sourceLabels: { app: 'productpage', version: 'v2' },
        sourceNamespace: 'shop',
        gateways: ['outer'],
      },
      call,
    );
    deepEqual(judged, {
      met: [
        'path is "/reviews/0"',
        'authority is "reviews:9080"',
        'header end-user is "jason"',
        'header x-b is absent',
        'query parameter debug is "1"',
        'the caller\'s label app is "productpage"',
      ],
      unmet: [
        'method is "GET", not "POST"',
        'header cookie is absent, not present',
        'header x-a is absent, not with prefix "b"',
        'header end-user is "jason" and must not be "jason"',
        'query parameter other is absent, not present',
        'port is "9080", not "9081"',
        'the caller\'s label version is absent, not "v2"',
        'the caller\'s namespace is "default", not "shop"',
        'it holds at outer only',
      ],
    });
  });

  it('are judged route by route, in their order', () => {
    const judged = judgeRoutes(
      {
        http: [
          {
            name: 'new',
            match: [{ uri: { exact: '/new' } }, { uri: { regex: '/reviews/[0-9]' } }],
          },
          { route: [] },
        ],
      },
      call,
    );
    deepEqual(judged, [
      {
        path: 'spec.http[0].match[0]',
        name: 'new',
        met: [],
        unmet: ['path is "/reviews/0", not "/new"'],
      },
      { path: 'spec.http[0].match[1]', name: 'new', met: ['path is "/reviews/0"'], unmet: [] },
      { path: 'spec.http[1]', met: [], unmet: [] },
    ]);
  });
});
