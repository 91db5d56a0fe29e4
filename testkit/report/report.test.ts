import assert from 'node:assert/strict';
import { join } from 'node:path';
import { matchGolden } from '../../test/support/golden.ts';
import type { CaseResult, RunResult } from '../run/runner.ts';
import { report, reporters } from './report.ts';

const common = {
  file: 'tests/a.yaml',
  request: 'GET http://reviews:9080/',
  from: 'productpage-v1',
};

const cases: readonly CaseResult[] = [
  {
    ...common,
    line: 6,
    name: 'jason gets v2',
    verdict: 'passed',
    checks: [{ what: 'version', verdict: 'passed', expected: 'v2', seen: 'v2' }],
    requests: 10,
    took: 12,
  },
  {
    ...common,
    line: 9,
    name: 'others <get> "v3" & more # really',
    verdict: 'failed',
    checks: [
      { what: 'version', verdict: 'failed', expected: 'v3', seen: 'v1 (10 of 10 requests)' },
      { what: 'status', verdict: 'passed', expected: '200', seen: '200' },
    ],
    requests: 10,
    took: 34,
    decision: {
      rule: 'VirtualService default/reviews',
      path: 'spec.http[1]',
      place: { file: 'rules.yaml', line: 18, column: 7 },
      passed: [
        {
          path: 'spec.http[0].match[0]',
          place: { file: 'rules.yaml', line: 11, column: 11 },
          reasons: ['header end-user is missing, must be "jason"'],
        },
      ],
    },
  },
  {
    ...common,
    file: 'tests/b.yaml',
    line: 3,
    name: 'headers arrive',
    verdict: 'unjudged',
    checks: [
      {
        what: 'requestHeaders.x',
        verdict: 'unjudged',
        expected: '"1"',
        seen: 'what a backend of this mesh gets cannot be seen',
      },
    ],
    requests: 1,
    took: 5,
  },
  {
    ...common,
    file: 'tests/b.yaml',
    line: 7,
    name: 'not tried',
    verdict: 'failed',
    checks: [],
    requests: 0,
    took: 1,
    error: 'Envoy does not start',
  },
];

const result: RunResult = {
  cases,
  problems: [],
  coverage: { points: [], reached: 0, total: 0, percent: 100 },
  took: 1234,
};

describe('the reporters', () => {
  for (const reporter of reporters) {
    it(`${reporter} says what came of each case`, () => {
      const path = join(import.meta.dirname, 'testdata', `report.${reporter}.golden.txt`);
      matchGolden(path, report(reporter, result, false));
    });
  }

  it('colour a terminal, and nothing else', () => {
    const colours = report('readable', result, true);
    assert.ok(colours.includes('\u001B[31m'));
    // eslint-disable-next-line no-control-regex -- SGR sequences begin with one.
    assert.equal(colours.replaceAll(/\u001B\[\d+m/g, ''), report('readable', result, false));
  });
});
