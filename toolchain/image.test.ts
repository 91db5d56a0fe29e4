import assert from 'node:assert/strict';
import { join } from 'node:path';
import { useSourceStage } from '../test/support/source-stage.ts';
import { imageSource } from './image.ts';

const program = { image: 'vendor/tool:1', path: '/bin/tool' };

describe('image source', () => {
  const stage = useSourceStage();

  it('copies the program out of a container that never runs', async () => {
    await stage.machine.addCommand('docker', 'case $1 in create) echo abc ;; esac');
    const path = await imageSource(program, 'linux').fetch(stage.context);
    assert.deepEqual(
      [path, await stage.machine.calls()],
      [
        join(stage.context.folder, 'from-image'),
        [
          'docker version --format {{.Server.Version}}',
          'docker image inspect vendor/tool:1',
          'docker create vendor/tool:1',
          'docker cp --follow-link abc:/bin/tool FOLDER/work/from-image',
          'docker rm --force --volumes abc',
        ],
      ],
    );
  });

  it('pulls an image that the machine does not have', async () => {
    await stage.machine.addCommand(
      'docker',
      'case $1 in image) exit 1 ;; create) echo abc ;; esac',
    );
    await imageSource(program, 'linux').fetch(stage.context);
    assert.ok((await stage.machine.calls()).includes('docker pull --quiet vendor/tool:1'));
  });

  it('removes the container when the program is not in it', async () => {
    await stage.machine.addCommand('docker', 'case $1 in cp) exit 1 ;; create) echo abc ;; esac');
    await assert.rejects(imageSource(program, 'linux').fetch(stage.context), /docker failed/);
    assert.equal((await stage.machine.calls()).at(-1), 'docker rm --force --volumes abc');
  });

  it('gives the reason in the words of Docker', async () => {
    await stage.machine.addCommand(
      'docker',
      'echo Cannot connect to the Docker daemon >&2; exit 1',
    );
    await assert.rejects(imageSource(program, 'linux').fetch(stage.context), {
      message: 'docker failed (exit code 1): Cannot connect to the Docker daemon',
    });
  });

  it('says when there is no Docker', async () => {
    await assert.rejects(imageSource(program, 'linux').fetch(stage.context), {
      message: 'docker is not installed',
    });
  });

  it('is of no use where Linux programs do not run', async () => {
    await assert.rejects(imageSource(program, 'darwin').fetch(stage.context), {
      message: 'the program in it runs on Linux only',
    });
  });
});
