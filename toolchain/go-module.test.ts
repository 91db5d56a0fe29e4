import assert from 'node:assert/strict';
import { join } from 'node:path';
import { useSourceStage } from '../test/support/source-stage.ts';
import { goModuleSource } from './go-module.ts';

const program = { module: 'example.test/tool', version: '1.2.3', sum: 'h1:good' };

describe('Go module source', () => {
  const stage = useSourceStage();

  it('builds the program as the tool of a module of its own', async () => {
    await stage.machine.addCommand('go', fakeGo('h1:good'));
    const path = await goModuleSource(program).fetch(stage.context);
    assert.deepEqual(
      [path, await stage.machine.calls()],
      [
        join(stage.context.folder, 'built'),
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
    await stage.machine.addCommand('go', fakeGo('h1:bad'));
    await assert.rejects(goModuleSource(program).fetch(stage.context), {
      message: 'example.test/tool@v1.2.3 has not the pinned checksum h1:good',
    });
    assert.equal((await stage.machine.calls()).at(-1), 'go mod tidy');
  });

  it('says when there is no Go', async () => {
    await assert.rejects(goModuleSource(program).fetch(stage.context), {
      message: 'go is not installed',
    });
  });
});

function fakeGo(sum: string): string {
  return `case "$1" in mod) echo "example.test/tool v1.2.3 ${sum}" > go.sum ;; esac`;
}
