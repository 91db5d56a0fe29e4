import assert from 'node:assert/strict';
import { type LocalFlags, parseFlags, selectServices } from './config.ts';
import { readMeshFile } from './mesh-file.ts';

const usual: LocalFlags = { config: 'mesh-config', http: '8080', ownAddresses: true };

describe('the flags of cmesh local', () => {
  it('have defaults', () => {
    assert.deepEqual(parseFlags(usual, undefined), {
      ok: true,
      config: { registry: { kind: 'none' }, http: { host: '127.0.0.1', port: 8080 } },
    });
  });

  it('take URLs as people copy them', () => {
    const flags = {
      ...usual,
      http: '8081',
      port: '9081',
      consul: 'http://localhost:8500/',
      zipkin: 'http://localhost:9411',
    };
    assert.deepEqual(parseFlags(flags, 'secret'), {
      ok: true,
      config: {
        registry: { kind: 'consul', address: 'http://localhost:8500', token: 'secret' },
        http: { host: '127.0.0.1', port: 8081 },
        port: 9081,
        tracing: { address: 'localhost', port: 9411, sampling: 100 },
      },
    });
  });

  it('are refused all at once', () => {
    const flags = { ...usual, http: '0', port: 'x', consul: 'a b', zipkin: 'http://z' };
    assert.deepEqual(parseFlags(flags, undefined), {
      ok: false,
      messages: [
        '--http "0" is not a port, such as 9080',
        '--port "x" is not a port, such as 9080',
        '--zipkin "http://z" is not http://HOST:PORT',
        '--consul "a b" is not http://HOST:PORT',
      ],
    });
  });
});

describe('the part of a mesh that is started', () => {
  const read = readMeshFile(
    'mesh.yaml',
    `services:
  web: { port: 80, command: a }
  api: { port: 80, command: b }
  idle: { port: 80 }
  far: { port: 80, endpoints: [{ address: 192.0.2.1 }] }
ingress: [{ port: 9080, service: api }, { port: 9090, service: web }]
`,
  );
  assert.ok(read.ok);
  const { file } = read;

  it('is what --only names, with the ingress that leads there', () => {
    const selected = selectServices(file, 'web, far', 9999);
    assert.ok(selected.ok);
    assert.deepEqual(
      [selected.file.services.map(({ name }) => name), selected.file.ingress],
      [['web', 'far'], [{ bind: '127.0.0.1', port: 9999, service: 'web', page: '/' }]],
    );
  });

  it('must be there, and have something to start', () => {
    assert.deepEqual(
      [selectServices(file, 'wbe,nobody', undefined), selectServices(file, undefined, undefined)],
      [
        {
          ok: false,
          messages: [
            '--only names "wbe", which is no service of the file; did you mean "web"?',
            '--only names "nobody", which is no service of the file; there are web, api, idle, far',
          ],
        },
        {
          ok: false,
          messages: [
            'service "idle" has no `command` that starts it, and no `endpoints` where it runs already; write one of them, or leave it out with --only',
          ],
        },
      ],
    );
  });
});
