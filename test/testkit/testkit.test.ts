import assert from 'node:assert/strict';
import { type StartedMesh, formatCoverage, startMesh } from '../../testkit/index.ts';
import {
  assertAnsweredBy,
  assertMirrored,
  assertRule,
  assertSplit,
  assertUnreachable,
  formatExplanation,
  requestsFor,
} from '../../testkit/index.ts';
import { findEnvoy } from '../support/programs.ts';

const subsets = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'reviews' },
  spec: {
    host: 'reviews',
    trafficPolicy: {
      loadBalancer: { simple: 'RANDOM' },
      connectionPool: { tcp: { maxConnections: 100 } },
      outlierDetection: { consecutive5xxErrors: 7, interval: '5m' },
    },
    subsets: ['v1', 'v2', 'v3'].map((version) => ({ name: version, labels: { version } })),
  },
};

const canary = {
  yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews }
spec:
  hosts: [reviews]
  http:
    - name: jason
      match:
        - headers: { end-user: { exact: jason } }
      route:
        - destination: { host: reviews, subset: v2 }
      mirror: { host: reviews, subset: v3 }
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 50 }
        - { destination: { host: reviews, subset: v3 }, weight: 50 }
      retries: { attempts: 2, retryOn: 5xx }
`,
};

const database = {
  yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db }
spec:
  hosts: [db]
  tcp:
    - match: [{ port: 3307 }]
      route: [{ destination: { host: db, subset: v2 } }]
    - route: [{ destination: { host: db, subset: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db }
spec:
  host: db
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
`,
};

const reviews = 'http://reviews:9080';
const jason = { headers: { 'end-user': 'jason' } };

describe('the testkit', () => {
  let mesh: StartedMesh;

  before(async () => {
    mesh = await startMesh({
      envoy: await findEnvoy(),
      services: [
        { name: 'productpage', port: 9080, versions: ['v1'] },
        { name: 'reviews', port: 9080, versions: ['v1', 'v2', 'v3'] },
        { name: 'db', port: 3306, protocol: 'tcp', versions: ['v1', 'v2'] },
      ],
      rules: [subsets, canary, database],
    });
  });

  after(() => mesh.close());

  it('says who answered, what it got, and which rule decided', async () => {
    const result = await mesh.from('productpage').get(`${reviews}/reviews/0?x=1`, jason);
    const { status, service, version, workload, rule, received, attempts, error } = result;
    assert.deepEqual(
      {
        ...{ status, service, version, workload, rule, attempts, error },
        ...{ path: received?.path, user: received?.headers?.['end-user'] },
      },
      {
        ...{ status: 200, service: 'reviews', version: 'v2', workload: 'reviews-v2' },
        rule: {
          object: 'VirtualService default/reviews',
          path: 'spec.http[0].match[0]',
          name: 'jason',
          place: { file: 'rules[1]', line: 9, column: 11 },
        },
        ...{ attempts: 1, error: undefined },
        ...{ path: '/reviews/0?x=1', user: 'jason' },
      },
    );
    assertAnsweredBy(result, 'reviews/v2');
    assertRule(result, 'VirtualService reviews http[0]');
    assertRule(result, 'jason');
    await assertMirrored(result, 'reviews/v3');
  });

  it('has assertions that fail, and say what was seen', async () => {
    const result = await mesh.from('productpage').get(reviews, jason);
    const seen =
      'reviews-v2 answered: status 200; VirtualService default/reviews spec.http[0].match[0] (rules[1]:9:11) decided';
    assert.throws(
      () => {
        assertAnsweredBy(result, 'v1');
      },
      { message: `v1 should have answered, but ${seen}` },
    );
    assert.throws(
      () => {
        assertRule(result, 'VirtualService reviews http[1]');
      },
      { message: `VirtualService reviews http[1] should have decided, but ${seen}` },
    );
    assert.throws(
      () => {
        assertUnreachable(result);
      },
      { message: `nobody should have answered, but ${seen}` },
    );
  });

  it('judges how requests are shared out', async () => {
    const split = { v1: 0.5, v3: 0.5 };
    const results = await mesh.from('productpage').repeat(requestsFor(split, 0.25), reviews);
    assertSplit(results, split);
    assert.throws(() => {
      assertSplit(results, { v1: 0.9, v3: 0.1 });
    }, /v1: \d+ of \d+, expected 90 %/);
    assert.throws(() => {
      assertSplit(results, { v1: 1 });
    }, /others: [1-9]/);
  });

  it('lets backends fail, and counts the attempts', async () => {
    const flaky = await mesh.from('productpage').get(reviews, {
      answer: (_, earlier) => (earlier === 0 ? { status: 500 } : { body: 'at last' }),
    });
    const broken = await mesh.from('productpage').get(reviews, { answer: () => ({ status: 500 }) });
    assert.deepEqual(
      [flaky.status, flaky.body, flaky.attempts, broken.status, broken.attempts],
      [200, 'at last', 2, 500, 3],
    );
  });

  it('tells byte streams apart by the rule that decided', async () => {
    const result = await mesh.from('productpage').connect('tcp://db:3306');
    assert.deepEqual(
      [result.version, result.rule?.path, result.error],
      ['v1', 'spec.tcp[1]', undefined],
    );
  });

  it('takes byte streams to where the rule of a wildcard leads', async () => {
    const wildcard = database.yaml.replace('hosts: [db]', `hosts: ['*.service.consul']`);
    await mesh.use({ rules: [{ yaml: wildcard.replace('port: 3307', 'port: 3306') }] });
    const result = await mesh.from('productpage').connect('tcp://db:3306');
    await mesh.use({ rules: [subsets, canary, database] });
    assert.deepEqual(
      [result.version, result.rule?.path, result.error],
      ['v2', 'spec.tcp[0]', undefined],
    );
  });

  it('says why there is no answer', async () => {
    const result = await mesh.from('productpage').get('http://nobody:9080/');
    assertUnreachable(result);
    assert.equal(result.error, 'the mesh has no service named nobody');
    const near = await mesh.from('productpage').get('http://reveiws:9080/');
    assert.equal(near.error, 'the mesh has no service named reveiws; did you mean reviews?');
    assert.throws(() => mesh.from('produktpage'), /did you mean "productpage"/);
  });

  it('explains a request as a tree', async () => {
    const explanation = await mesh.from('productpage').explain(`${reviews}/x`);
    const retries = 'retries: up to 2 on 5xx';
    const policies = [
      'load balancer: random',
      'connection pool: maxConnections 100',
      'outlier detection: after 7 errors, looks every 300 s',
    ];
    const cluster = (version: string, taken: boolean): readonly string[] => [
      `├─ 50 % to cluster outbound|9080|${version}|reviews.service.consul${taken ? ' (this one went here)' : ''}`,
      `│  ├─ DestinationRule default/reviews subset ${version}`,
      ...policies.map((policy) => `│  ├─ ${policy}`),
      `│  └─ endpoint reviews-${version} (app=reviews, version=${version})`,
    ];
    const answerer = explanation.result.answeredBy ?? '';
    assert.deepEqual(
      formatExplanation(explanation)
        .replace(/in \d+ ms/, 'in 1 ms')
        .split('\n'),
      [
        `GET ${reviews}/x from productpage-v1 (app=productpage, version=v1)`,
        '├─ listener 0.0.0.0_9080, route table 9080, virtual host reviews.service.consul:9080',
        '├─ not VirtualService default/reviews spec.http[0].match[0] "jason" (rules[1]:9:11): header end-user is absent, not "jason"',
        '├─ VirtualService default/reviews spec.http[1] (rules[1]:13:7): takes everything',
        `│  └─ ${retries}`,
        ...cluster('v1', answerer === 'reviews-v1'),
        ...cluster('v3', answerer === 'reviews-v3'),
        `└─ answered 200 by ${answerer} in 1 ms`,
        '',
      ],
    );
  });

  it('takes other rules, and counts what requests reach of them', async () => {
    await mesh.use({ rules: [subsets, canary, database] });
    // The copy counts when it has come, which may be after the answer.
    await assertMirrored(await mesh.from('productpage').get(reviews, jason), 'reviews/v3');
    await mesh.from('productpage').connect('tcp://db:3306');
    const { points, reached, total } = mesh.coverage();
    assert.deepEqual(
      [points.filter(({ hits }) => hits > 0).map(({ object, path }) => `${object} ${path}`), total],
      [
        [
          'DestinationRule default/db spec.subsets[0]',
          'DestinationRule default/reviews spec.subsets[1]',
          'VirtualService default/db spec.tcp[1]',
          'VirtualService default/reviews spec.http[0].match[0]',
          'VirtualService default/reviews spec.http[0].mirror',
          'DestinationRule default/reviews spec.subsets[2]',
        ].toSorted(),
        12,
      ],
    );
    assert.match(formatCoverage(mesh.coverage(), 'text'), new RegExp(`${reached} of ${total}`));
  });

  it('refuses rules and services with mistakes, each with its place', async () => {
    const wrong = { yaml: canary.yaml.replace('weight: 50', 'wieght: 50') };
    await assert.rejects(mesh.use({ rules: [wrong] }), /rules\[0\]:14:.*wieght/);
    await assert.rejects(mesh.use({ rules: 'no-such/*.yaml' }), /there is no file no-such/);
    const broken = startMesh({ services: 'samples/bookinfo/networking/destination-rule-all.yaml' });
    await assert.rejects(broken, /destination-rule-all.yaml:\d+:\d+/);
  });

  it('warns of subsets that nobody has', async () => {
    await mesh.use({ rules: canary });
    assert.deepEqual(mesh.problems.map(({ code, resource }) => `${code} ${resource}`).slice(0, 1), [
      'CM0102 rules[0]:11:49 VirtualService default/reviews',
    ]);
  });
});
