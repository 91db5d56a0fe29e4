import { deepEqual, equal } from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { AccessLogEntry } from '../../sidecar/contract/access-log.ts';
import { collectRules } from '../files/rule-files.ts';
import { formatCoverage, isEnough } from './coverage-report.ts';
import { type Reached, coverRules } from './coverage.ts';

const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
    - match:
        - headers: { end-user: { exact: jason } }
        - uri: { prefix: /new }
      route:
        - destination: { host: reviews, subset: v2 }
      mirror: { host: reviews, subset: v3 }
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 90 }
        - { destination: { host: reviews, subset: v2 }, weight: 10 }
        - { destination: { host: reviews, subset: v3 }, weight: 0 }
  tcp:
    - route: [{ destination: { host: reviews } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews }
spec:
  host: reviews
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v3, labels: { version: v3 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: outer }
spec: { hosts: [reviews], gateways: [front], http: [{ route: [{ destination: { host: reviews } }] }] }
`;
const rules = collectRules([{ file: 'rules.yaml', text }]);

function logged(rulePath: string, subset: string): Reached {
  const log: AccessLogEntry = {
    start: '',
    status: 200,
    flags: [],
    duration: 1,
    attempts: 1,
    rule: 'VirtualService default/reviews',
    rulePath,
    upstreamCluster: `outbound|9080|${subset}|reviews.service.consul`,
  };
  return { log, arrivals: [] };
}

const copy = { service: 'reviews', workload: 'reviews-v3', version: 'v3', port: 9080 };

describe('coverage of rules', () => {
  it('counts what requests reached, mirrored copies included', () => {
    const first = logged('spec.http[0].match[1]', 'v2');
    const { points, ...sum } = coverRules(rules, [
      { ...first, arrivals: [{ ...copy, mirrored: true }] },
      first,
      logged('spec.http[1]', 'v2'),
      { arrivals: [] },
    ]);
    const rows = points.map(({ kind, path, hits, place }) => [kind, path, hits, place?.line]);
    deepEqual(
      { rows, sum },
      {
        rows: [
          ['subset', 'spec.subsets[0]', 0, 26],
          ['subset', 'spec.subsets[1]', 3, 27],
          ['subset', 'spec.subsets[2]', 1, 28],
          ['match', 'spec.http[0].match[0]', 0, 8],
          ['match', 'spec.http[0].match[1]', 2, 9],
          ['mirror', 'spec.http[0].mirror', 1, 12],
          ['route', 'spec.http[1]', 1, 13],
          ['destination', 'spec.http[1].route[0]', 0, 14],
          ['destination', 'spec.http[1].route[1]', 1, 15],
          ['tcp route', 'spec.tcp[0]', 0, 18],
        ],
        sum: { reached: 6, total: 10, percent: 60 },
      },
    );
  });

  it('tells a service from another one whose name begins alike', () => {
    const other = logged('spec.http[1]', 'v1');
    const log = { ...other.log, upstreamCluster: 'outbound|9080|v1|reviews-old.service.consul' };
    const hits = coverRules(rules, [{ log: log as AccessLogEntry, arrivals: [] }]).points.filter(
      (point) => point.hits > 0,
    );
    deepEqual(
      hits.map(({ path }) => path),
      ['spec.http[1]'],
    );
  });

  it('is written as text, with a place for everything that was missed', () => {
    equal(
      formatCoverage(coverRules(rules, [logged('spec.http[1]', 'v2')]), 'text'),
      `Coverage of the rules: 3 of 10 (30.0 %)
  rules.yaml: 3 of 10
    rules.yaml:26:7 no request reached subset spec.subsets[0] of DestinationRule default/reviews
    rules.yaml:28:7 no request reached subset spec.subsets[2] of DestinationRule default/reviews
    rules.yaml:8:11 no request reached match spec.http[0].match[0] of VirtualService default/reviews
    rules.yaml:9:11 no request reached match spec.http[0].match[1] of VirtualService default/reviews
    rules.yaml:12:15 no request reached mirror spec.http[0].mirror of VirtualService default/reviews
    rules.yaml:14:11 no request reached destination spec.http[1].route[0] of VirtualService default/reviews
    rules.yaml:18:7 no request reached tcp route spec.tcp[0] of VirtualService default/reviews
`,
    );
  });

  it('is written as a tracefile of lcov', () => {
    equal(
      formatCoverage(coverRules(rules, [logged('spec.http[1]', 'v2')]), 'lcov'),
      `TN:
SF:rules.yaml
DA:8,0
DA:9,0
DA:12,0
DA:13,1
DA:14,0
DA:15,1
DA:18,0
DA:26,0
DA:27,1
DA:28,0
LF:10
LH:3
end_of_record
`,
    );
  });

  it('is whole where there is nothing to reach, and enough from the limit on', () => {
    const nothing = coverRules(collectRules([]), []);
    const some = coverRules(rules, [logged('spec.http[1]', 'v2')]);
    deepEqual(
      [nothing.percent, isEnough(some, undefined), isEnough(some, 30), isEnough(some, 30.1)],
      [100, true, true, false],
    );
  });
});
