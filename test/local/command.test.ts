import assert from 'node:assert/strict';
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LocalView } from '../../local/view.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { type Run, runCmesh } from '../support/run.ts';
import { until } from '../support/until.ts';

/** A web service of one line, which starts at once. */
const server = `exec node -e "require('http').createServer((q, r) => r.end(process.env.SERVICE_VERSION)).listen(process.env.PORT, process.env.HOST)"`;

function meshText(port: number, more = ''): string {
  return `services:
  web:
    port: 8000
    protocol: http
    command: ${JSON.stringify(server)}
    versions: { v1: {}, v2: {} }
${more}ingress: [{ port: ${port}, service: web }]
`;
}

describe('cmesh local', () => {
  const children: ChildProcess[] = [];
  let folder: TemporaryFolder;
  let ingress: number;
  let http: number;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    ingress = await freePort();
    http = await freePort();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    await folder.remove();
  });

  async function start(
    text: string,
    { flags = [], env = {} }: { readonly flags?: readonly string[]; readonly env?: object } = {},
  ): Promise<Run> {
    await writeFile(join(folder.path, 'mesh.yaml'), text);
    const run = runCmesh(['local', '--http', String(http), ...flags], {
      cwd: folder.path,
      env: { ...process.env, TMPDIR: folder.path, ...env },
    });
    children.push(run.child);
    return run;
  }

  async function viewOf(run: Run): Promise<LocalView> {
    await until(
      'the mesh to be ready',
      () => run.output().endsWith('\n') || run.child.exitCode !== null,
    );
    assert.equal(run.child.exitCode, null, run.errors());
    return JSON.parse(run.output()) as LocalView;
  }

  function processesOf({ workloads, ingress: entries }: LocalView): readonly number[] {
    const all = [
      ...workloads.flatMap(({ pid, envoyPid }) => [pid, envoyPid]),
      ...entries.map(({ envoyPid }) => envoyPid),
    ];
    const known = all.filter((pid) => pid !== undefined);
    assert.equal(known.length, 2 * workloads.length + entries.length);
    return known;
  }

  it('prints one JSON object, and ends all it has started with a signal', async () => {
    const run = await start(meshText(ingress), { flags: ['--json'] });
    const view = await viewOf(run);
    const response = await fetch(`http://127.0.0.1:${ingress}/`);
    const pids = processesOf(view);
    const signalled = performance.now();
    run.child.kill('SIGTERM');
    assert.deepEqual(
      {
        page: ['v1', 'v2'].includes(await response.text()),
        names: view.workloads.map(({ name, up }) => [name, up]),
        code: await run.ended,
        errors: run.errors(),
        left: await running(pids),
        logs: existsSync(view.logs),
        rules: readFileSync(join(folder.path, 'mesh-config/rules.yaml'), 'utf8').split('\n')[12],
      },
      {
        page: true,
        names: [
          ['web-v1', true],
          ['web-v2', true],
        ],
        code: 0,
        errors: '',
        left: [],
        logs: false,
        rules: '#     - { name: v2, labels: { version: v2 } }',
      },
    );
    // As docs/local.md promises; an application that does not obey is ended by force after two.
    assert.ok(performance.now() - signalled < 5000);
  });

  it('goes on without a service that cannot run or ends, and says whose fault it is', async () => {
    const more = `  broken: { port: 1, command: no-such-program --here }
  short: { port: 2, command: 'echo done >&2; exit 3' }
  lost: { port: 3, command: pwd, cwd: nowhere }
`;
    const run = await start(meshText(ingress, more), { flags: ['--json'] });
    const view = await viewOf(run);
    const response = await fetch(`http://127.0.0.1:${ingress}/`);
    const log = (name: string): string => join(view.logs, `${name}.log`);
    const told = (pattern: RegExp): boolean => pattern.test(run.errors());
    // Log files and standard error are read by others than standard output, and so perhaps later.
    await until('what the short one said', () => readFileSync(log('short'), 'utf8') !== '');
    await until('trouble to be told', () =>
      ['broken', 'short', 'lost'].every((name) =>
        told(new RegExp(`^${name} \\| .*; starting`, 'm')),
      ),
    );
    assert.deepEqual(
      {
        page: response.status,
        up: view.workloads.map(({ name, up }) => [name, up]),
        broken: told(
          /^broken \| ended with exit code 127 after [\d.]+ s \(.*no-such-program.*not found\); starting it again in [\d.]+ s\. Command: no-such-program --here\. Log: /m,
        ),
        short: told(/^short \| ended with exit code 3 after [\d.]+ s \(done\)/m),
        lost: told(/^lost \| the folder .*nowhere \(cwd\) does not exist/m),
        log: readFileSync(log('short'), 'utf8').split('\n')[0],
      },
      {
        page: 200,
        up: [
          ['web-v1', true],
          ['web-v2', true],
          ['broken', false],
          ['short', false],
          ['lost', false],
        ],
        broken: true,
        short: true,
        lost: true,
        log: 'done',
      },
    );
  });

  it('does not start where its ports are taken, says by whom, and leaves no child when it is killed', async () => {
    const holder = createServer().listen(ingress, '127.0.0.1');
    await once(holder, 'listening');
    const mesh = await start(meshText(await freePort()), { flags: ['--json'] });
    const view = await viewOf(mesh);
    const run = await start(meshText(ingress));
    const code = await run.ended;
    holder.close();
    assert.deepEqual(
      [code, run.errors()],
      [
        1,
        `cmesh local | port ${ingress} of 127.0.0.1, for web, is in use by another program; end that, or choose another with --port N\n` +
          `cmesh local | port ${http} of 127.0.0.1, for the configuration API, is in use by the mesh of ${view.file} (process ${view.pid}); end that, or choose another with --http N\n`,
      ],
    );
    await leavesNothingWhenKilled(mesh, view);
  });

  async function leavesNothingWhenKilled(run: Run, view: LocalView): Promise<void> {
    const pids = processesOf(view);
    assert.deepEqual(await running(pids), pids);
    run.child.kill('SIGKILL');
    await run.ended;
    // As docs/local.md promises.
    await until('every child to end', async () => (await running(pids)).length === 0, 5000);
  }

  it('ends at once while Envoy is still being fetched', async () => {
    const python = join(folder.path, 'python3');
    await writeFile(python, '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 });
    const env = { ENVOY_BIN: '', PATH: folder.path, XDG_CACHE_HOME: folder.path };
    const run = await start(meshText(ingress), { env });
    await until('the download', () => run.errors().includes('Envoy: downloading'));
    const signalled = performance.now();
    run.child.kill('SIGTERM');
    assert.equal(await run.ended, 0);
    assert.ok(performance.now() - signalled < 30_000, 'it has waited for the download');
  });

  it('names every way to an Envoy when there is none', async () => {
    const run = await start(meshText(ingress), { env: { ENVOY_BIN: '/nowhere/envoy' } });
    assert.deepEqual(
      [await run.ended, /ENVOY_BIN=\/nowhere\/envoy: .*is not installed/.test(run.errors())],
      [1, true],
    );
  });

  it('refuses a wrong file with exit code 2', async () => {
    const run = await start('services: { web: { prot: 80, port: 80 } }\n');
    assert.deepEqual(
      [await run.ended, run.errors()],
      [
        2,
        'cmesh local: E_FIELD_UNKNOWN mesh.yaml:1:26: services.web.prot: unknown key "prot": did you mean "port"?\n',
      ],
    );
  });
});

/** Those that are more than an entry for their parent to read. */
async function running(pids: readonly number[]): Promise<readonly number[]> {
  const states = pids.map(async (pid) => {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch(
      () => ({ stdout: '' }),
    );
    return stdout.trim() === '' || stdout.startsWith('Z') ? [] : [pid];
  });
  return (await Promise.all(states)).flat();
}
