import assert from 'node:assert/strict';
import { type Run, runCmesh } from '../test/support/run.ts';
import { until } from '../test/support/until.ts';
import { version } from '../kit/version.ts';

const children: Run['child'][] = [];

function cmesh(...args: readonly string[]): Run {
  const run = runCmesh(args);
  children.push(run.child);
  return run;
}

describe('cmesh', () => {
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  it('says its version', async () => {
    const run = cmesh('--version');
    assert.deepEqual([await run.ended, run.output()], [0, `${version}\n`]);
  });

  it('shows what there is, with examples', async () => {
    const run = cmesh('--help');
    assert.equal(await run.ended, 0);
    for (const part of ['cmesh pilot --registry', 'registrator', 'agent', 'Exit codes']) {
      assert.ok(run.output().includes(part), part);
    }
  });

  it('shows commands as they are typed, and says where options stand', async () => {
    const [help, early, late] = [
      cmesh('--help'),
      cmesh('-n', 'shop', 'get', 'vs'),
      cmesh('get', '-x'),
    ];
    const codes = await Promise.all([help.ended, early.ended, late.ended]);
    assert.match(help.output(), /^ {2}apply \[options\] {2,}put the rules of files in force$/m);
    assert.deepEqual(
      [codes, early.errors(), late.errors()],
      [
        [0, 2, 2],
        "error: unknown option '-n'\n(options stand after the command; add --help to see what there is)\n",
        "error: unknown option '-x'\n(add --help to see what there is)\n",
      ],
    );
  });

  it('says of a command that there is not what there is, and shows the help of those below one', async () => {
    const runs = [
      cmesh('help', 'proxy-confg'),
      cmesh('help', 'completion', 'NOTHING'),
      cmesh('help', 'pc', 'routes'),
    ];
    const codes = await Promise.all(runs.map((run) => run.ended));
    assert.deepEqual(
      [codes, runs.map((run) => (run.errors() + run.output()).split('\n')[0])],
      [
        [2, 2, 0],
        [
          "error: unknown command 'proxy-confg' (did you mean proxy-config?)",
          "error: unknown command 'NOTHING' (completion has no commands below it)",
          'Usage: cmesh proxy-config routes|route [options] [name]',
        ],
      ],
    );
  });

  it('says where a file is to stand', async () => {
    const run = cmesh('validate', 'rules.yaml');
    const said = 'cmesh validate: "rules.yaml" stands by itself: write -f before files\n';
    assert.deepEqual([await run.ended, run.errors()], [2, said]);
  });

  it('refuses wrong flags of pilot all at once, with exit code 2', async () => {
    const run = cmesh('pilot', '--registry', 'etcd', '--grpc', '15010');
    assert.deepEqual(
      [await run.ended, run.errors()],
      [
        2,
        'pilot: --registry "etcd" is not "none" or consul://HOST:PORT\n' +
          'pilot: --grpc "15010" is not HOST:PORT\n',
      ],
    );
  });

  it('runs pilot until a signal', async () => {
    const run = cmesh('pilot', '--grpc', '127.0.0.1:0', '--http', '127.0.0.1:0');
    await until('pilot to serve', () => run.output().includes('pilot serves'));
    run.child.kill('SIGTERM');
    assert.deepEqual([await run.ended, run.errors()], [0, '']);
  });

  it('ends with exit code 1 and the reason when pilot cannot start', async () => {
    const run = cmesh('pilot', '--grpc', '192.0.2.1:1', '--http', '127.0.0.1:0');
    assert.deepEqual([await run.ended, run.output().includes('192.0.2.1:1')], [1, true]);
  });
});
