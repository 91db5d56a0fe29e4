import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay } from '../../kit/lifecycle.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { loadSuite } from '../case-file/suite.ts';
import type { PreparedMesh } from '../mesh/mesh-under-test.ts';
import type { Arrival } from '../mesh/observation.ts';
import { runSuites } from './runner.ts';

const rules = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec: { hosts: [web], http: [{ route: [{ destination: { host: web } }], mirror: { host: log } }] }
`;

const cases = `rules: [rules.yaml]
services: [{ name: web, port: 80 }, { name: log, port: 80 }]
cases: [{ name: a, request: 'http://web/', expect: { status: 200 } }]
`;

/** A mesh whose copies come a while after the answers. */
const mesh: PreparedMesh = {
  problems: [],
  concurrency: 1,
  prepare: () => Promise.resolve(),
  call: () => {
    const identity = {
      version: '',
      port: 80,
      request: { method: 'GET', path: '/', authority: '' },
    };
    const arrivals: Arrival[] = [{ ...identity, service: 'web', workload: 'web', mirrored: false }];
    void delay(40).then(() =>
      arrivals.push({ ...identity, service: 'log', workload: 'log', mirrored: true }),
    );
    return Promise.resolve({
      requestId: '1',
      outcome: { kind: 'answer', status: 200, headers: {}, body: '', took: 1 },
      arrivals,
      log: {
        ...{ start: '', status: 200, flags: [], duration: 1, attempts: 1 },
        ...{ rule: 'VirtualService default/web', rulePath: 'spec.http[0]' },
        upstreamCluster: 'outbound|80||web.service.consul',
      },
    });
  },
  close: () => undefined,
};

describe('a run of cases', () => {
  it('counts the copies of the last request as well', async () => {
    const folder = await makeTemporaryFolder();
    await writeFile(join(folder.path, 'rules.yaml'), rules);
    await writeFile(join(folder.path, 'a.mesh-test.yaml'), cases);
    const { suite } = await loadSuite('a.mesh-test.yaml', folder.path);
    await folder.remove();
    assert.ok(suite);
    const { coverage } = await runSuites([suite], {
      meshes: {
        lend: (_services, _rules, action) => action(mesh),
        lendFresh: (_services, _rules, action) => action(mesh),
      },
    });
    assert.deepEqual(
      coverage.points.map(({ path, hits }) => [path, hits]),
      [
        ['spec.http[0]', 1],
        ['spec.http[0].mirror', 1],
      ],
    );
  });
});
