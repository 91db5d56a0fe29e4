import assert from 'node:assert/strict';
import type { SuiteCase } from '../case-file/suite.ts';
import type { MeshUnderTest } from '../mesh/mesh-under-test.ts';
import type { Observation } from '../mesh/observation.ts';
import { alphaOf, requestsOf, runCase } from './run-case.ts';

function caseOf(fields: Partial<SuiteCase>): SuiteCase {
  return {
    name: 'a case',
    field: 'cases[0]',
    place: { line: 1, column: 1 },
    caller: { workload: 'client', labels: {} },
    request: { method: 'GET', url: 'http://web/', headers: {} },
    when: [],
    expect: {},
    tolerance: 0.1,
    ...fields,
  };
}

/** A mesh whose requests get to these versions in turn, seen as in a mesh that runs. */
function meshOf(versions: readonly string[], backends?: 'foreign'): MeshUnderTest {
  let sent = 0;
  return {
    ...(backends === undefined ? {} : { backends }),
    call: () => {
      const version = versions[sent % versions.length] ?? '';
      sent += 1;
      const request = { method: 'GET', path: '/', authority: 'web' };
      const seen: Observation = {
        requestId: String(sent),
        outcome: { kind: 'answer', status: 200, headers: {}, body: '', took: 1 },
        arrivals: [
          {
            service: 'web',
            workload: `web-${version}`,
            version,
            port: 80,
            mirrored: false,
            request,
          },
        ],
      };
      return Promise.resolve(seen);
    },
    close: () => undefined,
  };
}

const options = { alpha: 1e-6, concurrency: 10 };

describe('a case', () => {
  it('is not judged, and never passes, by what cannot be seen', async () => {
    const cases = [
      caseOf({ expect: { version: 'v1', requestHeaders: { cookie: { kind: 'absent' } } } }),
      caseOf({ expect: { mirror: [] } }),
      caseOf({ expect: { subset: 'v1', route: 'VirtualService web', directResponse: {} } }),
      caseOf({
        when: [{ target: 'web', behaviour: { status: 503 } }],
        expect: { status: 200 },
      }),
    ];
    const runs = await Promise.all(
      cases.map((entry) => runCase(entry, meshOf(['v1'], 'foreign'), options)),
    );
    assert.deepEqual(
      runs.map(({ checks }) => checks.map(({ what, verdict }) => `${what} ${verdict}`)),
      [
        ['version passed', 'requestHeaders.cookie unjudged'],
        ['mirror unjudged'],
        ['subset unjudged', 'directResponse unjudged', 'route unjudged'],
        ['when unjudged'],
      ],
    );
  });

  it('sees a copy that came while the program had to stand still', async () => {
    const entry = caseOf({ expect: { mirror: [] } });
    const mesh: MeshUnderTest = {
      ...meshOf(['v1']),
      call: async (...call) => {
        const seen = await meshOf(['v1']).call(...call);
        const arrivals = [...seen.arrivals];
        const copy = { service: 'log', workload: 'log', port: 80, mirrored: true };
        setImmediate(() => {
          // For longer than copies are waited for; what is to be read comes after what is late.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
          setImmediate(() => arrivals.push(copy));
        });
        return { ...seen, arrivals };
      },
    };
    const { checks } = await runCase(entry, mesh, options);
    assert.deepEqual(
      checks.map(({ what, verdict, seen }) => [what, verdict, seen]),
      [['mirror', 'failed', 'log']],
    );
  });

  it('does not count what the service takes as the delay of a fault', async () => {
    const mesh = (serviceTime: string): MeshUnderTest => ({
      ...meshOf(['v1']),
      call: async (...call) => {
        const seen = await meshOf(['v1']).call(...call);
        const headers = { 'x-envoy-upstream-service-time': serviceTime };
        const outcome = { kind: 'answer', status: 200, headers, body: '', took: 1700 } as const;
        const log = { start: '', status: 200, flags: ['DI'], duration: 1650, attempts: 1 };
        return { ...seen, outcome, log };
      },
    });
    const entry = caseOf({ expect: { fault: { delay: 300, share: 1 } }, requests: 1 });
    const runs = await Promise.all(
      ['1340', '10', '1450'].map((serviceTime) => runCase(entry, mesh(serviceTime), options)),
    );
    assert.deepEqual(
      runs.map(({ checks }) => checks.map(({ verdict }) => verdict)),
      [['passed'], ['failed'], ['failed']],
    );
  });

  it('sends more requests for what may differ', () => {
    const alpha = 1e-6;
    const share = (first: number): SuiteCase['expect'] => ({
      split: [
        { target: 'v1', share: first },
        { target: 'v2', share: 1 - first },
      ],
    });
    const sizes = [
      { expect: { status: 200 } },
      { expect: { version: 'v1' } },
      { expect: { version: 'v1' }, requests: 2 },
      { expect: share(1) },
      { expect: { fault: { abort: 500, share: 1 } }, requests: 100 },
    ].map((fields) => requestsOf(caseOf(fields), alpha));
    assert.deepEqual(sizes, [1, 10, 2, 66, 100]);
    assert.ok(requestsOf(caseOf({ expect: share(0.5) }), alpha) > 1500);
    // Two shares that leave something to chance: each may be wrong half as often.
    assert.equal(alphaOf([{ expect: share(0.5) }, { expect: share(1) }]), 5e-7);
  });

  it('passes a right share, and stops early at a wrong one', async () => {
    const expect = {
      split: [
        { target: 'v1', share: 0.75 },
        { target: 'v2', share: 0.25 },
      ],
    };
    const right = await runCase(caseOf({ expect }), meshOf(['v1', 'v1', 'v1', 'v2']), options);
    const wrong = await runCase(caseOf({ expect }), meshOf(['v1', 'v2', 'v2', 'v2']), options);
    const stray = await runCase(caseOf({ expect }), meshOf(['v1', 'v1', 'v3', 'v2']), options);
    assert.deepEqual(
      [right, wrong, stray].map(({ checks }) => checks.map(({ verdict }) => verdict)),
      [
        ['passed', 'passed'],
        ['failed', 'failed'],
        ['failed', 'passed', 'failed'],
      ],
    );
    assert.ok(right.requests > 1000);
    assert.deepEqual([wrong.requests, stray.requests], [100, 100]);
  });
});
