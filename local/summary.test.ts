import assert from 'node:assert/strict';
import { summarize } from './summary.ts';
import type { LocalView } from './view.ts';

const view = (api: string): LocalView => ({
  pid: 1,
  file: '/shop/mesh.yaml',
  api,
  config: '/shop/mesh-config',
  logs: '/tmp/logs',
  workloads: [],
  ingress: [],
});

describe('what is printed when a mesh on this machine is ready', () => {
  it('says how kubectl and cmesh find it, wherever its API is', () => {
    const said = ['http://localhost:8080', 'http://localhost:8081'].map((api) =>
      summarize(view(api), { services: [], ingress: [], try: [] }, '/shop')
        .split('\n')
        .filter((line) => line.includes('configuration API') || line.startsWith('  #'))
        .map((line) => line.replace(/ {2,}/g, '  ')),
    );
    const other = 'http://localhost:8081';
    assert.deepEqual(said, [
      ['http://localhost:8080  configuration API: kubectl and cmesh use it by default'],
      [
        `${other}  configuration API: kubectl -s ${other}, or export CMESH_PILOT=${other} for cmesh`,
        `  # with --pilot ${other}`,
      ],
    ]);
  });
});
