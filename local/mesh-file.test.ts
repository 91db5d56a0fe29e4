import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatProblem } from '../kit/problem.ts';
import { matchGolden } from '../test/support/golden.ts';
import { publishMeshSchema } from './mesh-file-schema.ts';
import { readMeshFile } from './mesh-file.ts';

const text = `
services:
  reviews:
    port: 9080
    protocol: http
    command: node server.js
    env: { LOG: info, DEPTH: 3 }
    versions:
      v1: {}
      v2: { command: node new.js, env: { LOG: debug }, cwd: ../new, appPort: 3000 }
  mail:
    port: 25
    protocol: tcp
    endpoints: [{ address: 192.0.2.7, version: v9 }]
ingress:
  - { port: 8000, service: reviews, page: /reviews }
try: [date]
`;

describe('a mesh file', () => {
  it('is read with what versions have from their service', () => {
    assert.deepEqual(readMeshFile('mesh.yaml', text), {
      ok: true,
      file: {
        services: [
          {
            name: 'reviews',
            port: 9080,
            protocol: 'http',
            versions: [
              { version: 'v1', command: 'node server.js', env: { LOG: 'info', DEPTH: '3' } },
              {
                version: 'v2',
                command: 'node new.js',
                env: { LOG: 'debug', DEPTH: '3' },
                cwd: '../new',
                appPort: 3000,
              },
            ],
            endpoints: [],
          },
          {
            name: 'mail',
            port: 25,
            protocol: 'tcp',
            versions: [{ env: {} }],
            endpoints: [{ address: '192.0.2.7', port: 25, version: 'v9' }],
          },
        ],
        ingress: [{ bind: '127.0.0.1', port: 8000, service: 'reviews', page: '/reviews' }],
        try: ['date'],
      },
    });
  });

  const mistakes: Readonly<Record<string, readonly [text: string, ...problems: string[]]>> = {
    'no YAML': [
      'services: [',
      'E_YAML m.yaml:1:12: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    'what is nested sixty thousand levels deep': [
      `services: ${'['.repeat(60_000)}`,
      'E_YAML m.yaml:1:210: is nested more than 100 levels deep',
    ],
    'an alias of nothing': [
      'services: { web: { port: *port } }\n',
      'E_YAML m.yaml:1:1: Unresolved alias (the anchor must be set before the alias): port',
    ],
    'two documents': [
      'services: { web: { port: 80 } }\n---\nservices: {}\n',
      'E_YAML m.yaml:2:1: a second document begins here; the file has one',
    ],
    nothing: [
      '# later\n',
      'E_FIELD_REQUIRED m.yaml:1:1: services: Required value: write the services of the mesh, such as `services: { web: { port: 80 } }`',
    ],
    'no service': [
      'services: {}\n',
      'E_FIELD_REQUIRED m.yaml:1:11: services: Required value: write at least one service',
    ],
    'misspelt keys and wrong values, all at once': [
      'services:\n  web:\n    prot: 80\n    port: eighty\n    versions:\n      v1: { comand: x }\ningres: []\n',
      'E_FIELD_UNKNOWN m.yaml:3:11: services.web.prot: unknown key "prot": did you mean "port"?',
      'E_FIELD_UNKNOWN m.yaml:6:21: services.web.versions.v1.comand: unknown key "comand": did you mean "command"?',
      'E_FIELD_UNKNOWN m.yaml:7:9: ingres: unknown key "ingres": did you mean "ingress"?',
      'E_FIELD_INVALID m.yaml:4:11: services.web.port: Invalid value: "eighty": must be of type integer',
    ],
    'a missing port': [
      'services:\n  web: { command: x }\n',
      'E_FIELD_REQUIRED m.yaml:2:8: services.web.port: Required value: write it',
    ],
    'names that cannot be called': [
      'services:\n  Web_1: { port: 80, versions: { "v 1": {} } }\n',
      'E_FIELD_INVALID m.yaml:2:10: services.Web_1: Invalid value: "Web_1": a service is called by a name of a-z, 0-9 and -, such as reviews',
      'E_FIELD_INVALID m.yaml:2:41: services.Web_1.versions.v 1: Invalid value: "v 1": a version is a name such as v1',
    ],
    'versions that would listen on one port': [
      'services:\n  web: { port: 80, appPort: 3000, versions: { v1: {}, v2: {} } }\n',
      'E_FIELD_INVALID m.yaml:2:29: services.web.appPort: Invalid value: 3000: two versions cannot listen on one port; let them listen on $PORT, or give each its own',
    ],
    'an ingress that leads nowhere': [
      'services: { web: { port: 80 }, db: { port: 25, protocol: tcp } }\ningress:\n  - { port: 1, service: wbe }\n  - { port: 1, service: db }\n',
      'E_FIELD_INVALID m.yaml:3:25: ingress[0].service: Invalid value: "wbe": there is no such service; did you mean "web"?',
      'E_FIELD_INVALID m.yaml:4:25: ingress[1].service: Invalid value: "db": the ingress serves HTTP, and this service speaks tcp',
      'E_FIELD_DUPLICATE m.yaml:4:13: ingress[1].port: Duplicate value: 1: give each one only once',
    ],
  };
  for (const [name, [wrong, ...expected]] of Object.entries(mistakes)) {
    it(`is refused with the place: ${name}`, () => {
      const read = readMeshFile('m.yaml', wrong);
      assert.ok(!read.ok);
      assert.deepEqual(read.problems.map(formatProblem), expected);
    });
  }

  it('has a published schema (UPDATE_GOLDEN=1 rewrites it)', () => {
    const path = fileURLToPath(new URL('../docs/schemas/mesh.schema.json', import.meta.url));
    matchGolden(path, `${JSON.stringify(publishMeshSchema(), null, 2)}\n`);
  });

  it('of Bookinfo is right', () => {
    const path = fileURLToPath(new URL('../samples/bookinfo/mesh.yaml', import.meta.url));
    const read = readMeshFile(path, readFileSync(path, 'utf8'));
    assert.deepEqual(
      read.ok ? read.file.services.map(({ name, versions }) => [name, versions.length]) : read,
      [
        ['productpage', 1],
        ['details', 1],
        ['reviews', 3],
        ['ratings', 1],
      ],
    );
  });
});
