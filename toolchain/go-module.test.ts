import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FakeMachine } from '../test/support/fake-commands.ts';
import { goModuleSource } from './go-module.ts';
import type { FetchContext } from './provide.ts';

const program = { module: 'example.test/tool', version: '1.2.3', sum: 'h1:good' };

describe('Go module source', () => {
  let machine: FakeMachine;
  let context: FetchContext;

  beforeEach(async () => {
    machine = await FakeMachine.create();
    const folder = join(machine.folder, 'work');
    await mkdir(folder);
    context = { folder, env: machine.env, onProgress: () => undefined };
  });
  afterEach(() => machine.close());

  it('builds the program as the tool of a module of its own', async () => {
    await machine.addCommand('go', fakeGo('h1:good'));
    const path = await goModuleSource(program).fetch(context);
    assert.deepEqual(
      [path, await machine.calls()],
      [
        join(context.folder, 'built'),
        [
          'go version',
          'go get -tool example.test/tool@v1.2.3',
          'go mod tidy',
          'go build -trimpath -ldflags -s -w -o FOLDER/work/built example.test/tool',
        ],
      ],
    );
  });

  it('does not build a module with another checksum', async () => {
    await machine.addCommand('go', fakeGo('h1:bad'));
    await assert.rejects(goModuleSource(program).fetch(context), {
      message: 'example.test/tool@v1.2.3 has not the pinned checksum h1:good',
    });
    assert.equal((await machine.calls()).at(-1), 'go mod tidy');
  });

  it('says when there is no Go', async () => {
    await assert.rejects(goModuleSource(program).fetch(context), {
      message: 'go is not installed',
    });
  });
});

function fakeGo(sum: string): string {
  return `case "$1" in mod) echo "example.test/tool v1.2.3 ${sum}" > go.sum ;; esac`;
}
