import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeMachine } from '../test/support/fake-commands.ts';
import { provide, type Source, type Tool } from './provide.ts';
import { ToolUnavailableError } from './tool-unavailable-error.ts';

describe('provider chain', () => {
  let machine: FakeMachine;
  let fetches: string[];

  beforeEach(async () => {
    machine = await FakeMachine.create();
    fetches = [];
  });
  afterEach(() => machine.close());

  it('takes the program that the user names before the one on PATH', async () => {
    await machine.addCommand('tool', 'echo tool 1.5.0');
    const own = await machine.addProgram('my-tool', 'echo tool 9.9.9');
    const env = { ...machine.env, TOOL_BIN: own };
    assert.equal(await provide(tool([]), { env }), own);
  });

  it('refuses a named program that does not run, and looks no further', async () => {
    await machine.addCommand('tool', 'echo tool 1.5.0');
    const env = { ...machine.env, TOOL_BIN: '/no/such/tool' };
    await assert.rejects(provide(tool([]), { env }), {
      code: 'TOOL_UNAVAILABLE',
      message: [
        'tool is not available. Tried:',
        '  - TOOL_BIN=/no/such/tool: /no/such/tool is not installed',
        'Do one of these:',
        '  - let TOOL_BIN name a program that runs here, or unset it',
      ].join('\n'),
    });
  });

  it('takes a supported program on PATH before it fetches one', async () => {
    const path = await machine.addCommand('tool', 'echo tool 1.5.0');
    const found = await provide(tool([working('first')]), { env: machine.env });
    assert.deepEqual([found, fetches], [path, []]);
  });

  it('passes over an unsupported program on PATH', async () => {
    await machine.addCommand('tool', 'echo tool 0.9.0');
    await provide(tool([working('first')]), { env: machine.env });
    assert.deepEqual(fetches, ['first']);
  });

  it('fetches from the first source that works, once, and keeps the program', async () => {
    const sources = [failing('broken'), working('first'), working('second')];
    const path = await provide(tool(sources), { env: machine.env });
    const again = await provide(tool(sources), { env: machine.env });
    assert.deepEqual(
      [fetches, again, path.startsWith(join(machine.folder, 'cache'))],
      [['broken', 'first'], path, true],
    );
  });

  it('fetches again when the kept program is damaged', async () => {
    const path = await provide(tool([working('first')]), { env: machine.env });
    await truncate(path, 3);
    const again = await provide(tool([working('first')]), { env: machine.env });
    assert.deepEqual([fetches, again], [['first', 'first'], path]);
  });

  it('does not keep a fetched program of an unsupported version', async () => {
    const sources = [working('old', 'echo tool 0.9.0'), working('good')];
    await provide(tool(sources), { env: machine.env });
    await provide(tool(sources), { env: machine.env });
    assert.deepEqual(fetches, ['old', 'good']);
  });

  it('tells every way, its reason and what to do when none works', async () => {
    await machine.addCommand('tool', 'echo tool 0.9.0');
    const sources = [failing('image x'), working('pip x', 'echo dynamic linker >&2; exit 127')];
    const error = await provide(tool(sources), { env: machine.env }).catch(
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof ToolUnavailableError);
    assert.equal(
      error.message.replaceAll(/\S*\/composemesh-[\w-]+/g, 'FOLDER'),
      [
        'tool is not available. Tried:',
        '  - TOOL_BIN: not set',
        '  - PATH: FOLDER/bin/tool is 0.9.0; supported: >=1.0.0 <2.0.0',
        '  - cache: no whole copy in FOLDER/cache/composemesh',
        '  - image x: image x is out of order',
        '  - pip x: FOLDER/fetched failed (exit code 127): dynamic linker',
        'Do one of these:',
        '  - install tool',
      ].join('\n'),
    );
  });

  it('removes the folder of a fetch, whether it works or not', async () => {
    const folders: string[] = [];
    const recording = (source: Source): Source => ({
      ...source,
      fetch: (context) => {
        folders.push(context.folder);
        return source.fetch(context);
      },
    });
    const sources = [failing('broken'), working('first')].map(recording);
    await provide(tool(sources), { env: machine.env });
    assert.deepEqual(folders.map(existsSync), [false, false]);
  });

  function tool(sources: readonly Source[]): Tool {
    return {
      program: 'tool',
      variable: 'TOOL_BIN',
      versionArguments: ['--version'],
      supported: { least: [1, 0, 0], before: [2, 0, 0] },
      pinned: '1.5.0',
      sources,
      remedies: ['install tool'],
    };
  }

  function working(way: string, script = 'echo tool 1.5.0'): Source {
    return {
      way,
      origin: way,
      fetch: async () => {
        fetches.push(way);
        return machine.addProgram('fetched', script);
      },
    };
  }

  function failing(way: string): Source {
    return {
      way,
      origin: way,
      fetch: () => {
        fetches.push(way);
        return Promise.reject(new Error(`${way} is out of order`));
      },
    };
  }
});
