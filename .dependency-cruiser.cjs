/**
 * Who may import whom. Each row: a folder, and what it may import besides itself. The table is the
 * architecture (see ARCHITECTURE.md); a new arrow is a decision, not an accident.
 */
const npm = (...names) => names.map((name) => `^node_modules/${name}/`);
const node = '^node:';

const table = {
  kit: [...npm('pino'), node],
  'registrator/contract': [],
  'sidecar/contract': ['^kit'],
  'registrator/docker': [
    '^registrator/contract',
    '^kit',
    ...npm('dockerode', '@types/dockerode'),
    node,
  ],
  'registrator/plan': [
    '^registrator/contract',
    '^registrator/docker/(container|label-grammar|labels|check-labels)\\.ts',
    '^kit',
    node,
  ],
  'registrator/consul': ['^registrator/contract', '^kit', ...npm('consul'), node],
  'pilot/ir': [],
  'pilot/api': [
    '^kit',
    '^pilot/proto/json-faults\\.ts',
    ...npm('@marcbachmann/cel-js', 'typebox', 'ajv'),
    '^node:(net|crypto|util)',
  ],
  'pilot/ownership': ['^pilot/api', '^node:util'],
  'pilot/model': [
    '^pilot/api',
    '^registrator/contract',
    '^sidecar/contract',
    '^kit',
    '^node:crypto',
  ],
  'pilot/analysis': [
    '^pilot/(api|model)/',
    '^pilot/store/(store|stamp)\\.ts',
    '^registrator/contract',
    '^kit',
  ],
  'pilot/translate': [
    '^pilot/model',
    '^pilot/api',
    '^pilot/ir',
    '^registrator/contract',
    '^sidecar/contract',
    '^kit',
  ],
  'pilot/proto': ['^kit/nearest\\.ts', ...npm('@bufbuild'), node],
  'pilot/xds': [
    '^pilot/ir',
    '^pilot/proto',
    '^sidecar/contract',
    '^kit',
    ...npm('@bufbuild'),
    '^node:crypto',
  ],
  'pilot/sources': [
    '^pilot/model',
    '^pilot/api',
    '^pilot/store',
    '^registrator/contract',
    '^kit',
    node,
  ],
  'pilot/store': ['^pilot/(api|ownership)', '^kit', ...npm('yaml'), node],
  'pilot/client': ['^pilot/(analysis|api|model|store)', '^kit', ...npm('yaml'), node],
  'pilot/push': [
    '^node:crypto',
    '^pilot/(api|model|translate|ir|xds)',
    '^sidecar/contract',
    '^kit',
  ],
  'pilot/ads': [
    '^pilot/(xds|proto)',
    '^pilot/push/',
    '^sidecar/contract',
    '^kit',
    ...npm('@grpc/grpc-js', '@bufbuild'),
    node,
  ],
  'pilot/debug': [
    '^pilot/(api|model|xds|proto)',
    '^pilot/ads/',
    '^sidecar/contract',
    ...npm('@bufbuild'),
  ],
  'pilot/http': [
    '^pilot/(analysis|api|ownership|store)',
    '^pilot/(push|ads)/',
    '^sidecar/contract',
    '^kit',
    ...npm('fastify', 'yaml'),
    node,
  ],
  'sidecar/(agent|bootstrap|envoy|dns|capture)': ['^sidecar', '^kit', node],
  testkit: [
    '^pilot/',
    '^(registrator|sidecar)/contract',
    '^sidecar/(bootstrap|envoy)/',
    '^local/mesh-file',
    '^toolchain',
    '^kit',
    ...npm('yaml', 'ajv', 'typebox', 'dockerode', '@types/dockerode'),
    node,
  ],
  'testkit/files': ['^pilot/(api|store)/', '^kit', node],
  'testkit/mesh': [
    '^pilot/(ads|analysis|api|ir|model|push)/',
    '^(registrator|sidecar)/contract',
    '^sidecar/(bootstrap|envoy)/',
    '^kit',
    node,
  ],
  'testkit/case-file': [
    '^testkit/(files|mesh)/',
    '^testkit/live/live-mesh-view\\.ts',
    '^pilot/(api|model|store)/',
    '^registrator/contract',
    '^local/mesh-file',
    '^kit',
    ...npm('typebox'),
    node,
  ],
  'testkit/explain': [
    '^testkit/(files|mesh)/',
    '^pilot/(api|ir|model|translate)/',
    '^sidecar/contract',
    '^kit',
  ],
  'testkit/coverage': [
    '^testkit/(explain|files|mesh)/',
    '^pilot/(api|model|translate)/',
    '^sidecar/contract',
  ],
  'testkit/run': [
    '^testkit/(case-file|coverage|files|mesh)/',
    '^pilot/api/',
    '^sidecar/contract',
    '^kit',
  ],
  'testkit/report': ['^testkit/(files|run)/', ...npm('yaml')],
  'testkit/live': [
    '^testkit/(explain|files|mesh)/',
    '^pilot/(api|client|model)/',
    '^sidecar/contract',
    '^kit',
    ...npm('dockerode', '@types/dockerode'),
    node,
  ],
  'testkit/command': [
    '^testkit/(case-file|coverage|explain|files|live|mesh|report|run)/',
    '^pilot/client/',
    '^local/mesh-file',
    '^kit',
    node,
  ],
  inspect: [
    '^pilot/(api|client|debug|model|xds)',
    '^(registrator|sidecar)/contract',
    '^local/view\\.ts',
    '^kit',
    ...npm('yaml', 'dockerode', '@types/dockerode', 'tar-stream', '@types/tar-stream'),
    node,
  ],
  toolchain: ['^kit', node],
  local: [
    '^(pilot|sidecar|toolchain|kit)/',
    '^registrator/contract',
    ...npm('yaml', 'typebox'),
    node,
  ],
};

const rules = Object.entries(table).map(([folder, allowed]) => ({
  name: `${folder} imports only what the table allows`,
  severity: 'error',
  from: { path: `^${folder}/`, pathNot: '\\.test\\.ts$' },
  to: { pathNot: [`^${folder}/`, ...allowed] },
}));

module.exports = {
  forbidden: [
    ...rules,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'product code does not import tests',
      severity: 'error',
      from: { pathNot: ['^test/', '^bench/', '\\.test\\.ts$'] },
      to: { path: ['^test/', '\\.test\\.ts$'] },
    },
    {
      name: 'processes meet in contract/ and kit/ only',
      severity: 'error',
      from: { path: '^(registrator|pilot|sidecar)/', pathNot: '\\.test\\.ts$' },
      to: {
        path: '^(registrator|pilot|sidecar)/',
        pathNot: ['^$1/', '^[a-z]+/contract/'],
      },
    },
    {
      name: 'only the entry points import app and main',
      severity: 'error',
      from: {
        pathNot: ['/(main|app)\\.ts$', '^(cli|local)/', '^test/', '^bench/', '\\.test\\.ts$'],
      },
      to: { path: '^(registrator|pilot|sidecar)/(app|main)\\.ts$' },
    },
    {
      name: 'the processes and what they stand on do not know the mesh on a laptop',
      severity: 'error',
      from: { path: '^(registrator|pilot|sidecar|kit|toolchain|samples)/' },
      to: { path: '^local/' },
    },
    { name: 'no unresolved imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    includeOnly: [
      '^(registrator|pilot|sidecar|cli|inspect|local|testkit|kit|toolchain|samples|test|bench)/',
      '^node_modules/',
      '^node:',
    ],
    enhancedResolveOptions: {
      conditionNames: ['import', 'types', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
