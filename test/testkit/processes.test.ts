import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { findEnvoy } from '../support/programs.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('./held-mesh.ts', import.meta.url));

interface Said {
  readonly answered: number;
  readonly started: number;
}

/** Each process compiles all it runs from the sources: four at once take a while on a machine that is slow or busy (ms). */
const startLimit = 150_000;

describe('meshes of the testkit', function () {
  this.timeout(startLimit + 30_000);
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  async function run(...words: readonly string[]): Promise<ChildProcess> {
    const command = ['--import=tsx', program, await findEnvoy(), ...words];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  }

  async function hear(child: ChildProcess): Promise<Said> {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    let isOver = false;
    child.once('close', () => (isOver = true));
    const isHeard = (): boolean => {
      if (isOver && text === '') throw new Error('the mesh ended by itself');
      return text.endsWith('\n');
    };
    await until('a mesh that answers', isHeard, startLimit);
    return JSON.parse(text) as Said;
  }

  it('do not disturb each other in four processes at once', async () => {
    const running = await Promise.all([run(), run(), run(), run()]);
    const said = await Promise.all(running.map(hear));
    const codes = await Promise.all(
      running.map(async (child) => child.exitCode ?? ((await once(child, 'exit')) as [number])[0]),
    );
    assert.deepEqual(
      [said.map(({ answered }) => answered), codes],
      [
        [50, 50, 50, 50],
        [0, 0, 0, 0],
      ],
    );
  });

  it('end with a process that is killed', async () => {
    const child = await run('hold');
    await hear(child);
    const envoys = await childrenOf(child.pid ?? 0, 'envoy');
    assert.equal(envoys.length, 1);
    child.kill('SIGKILL');
    await until('the Envoy to end', () => envoys.every((pid) => !isAlive(pid)));
  });
});

const runFile = promisify(execFile);

/** Process ids of the children whose command has `word` in it. */
async function childrenOf(parent: number, word: string): Promise<readonly number[]> {
  const { stdout } = await runFile('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, ppid, ...command] = line.trim().split(/\s+/);
    return Number(ppid) === parent && command[0]?.includes(word) === true ? [Number(pid)] : [];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
