import assert from 'node:assert/strict';
import { chmod, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../kit/clock.ts';
import { createLog } from '../../../kit/log.ts';
import type { Log } from '../../../kit/log.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../test/support/folders.ts';
import { until } from '../../../test/support/until.ts';
import { type WatchedFiles, watchFiles } from './watched-files.ts';

describe('files with tokens and keys', () => {
  let folder: TemporaryFolder;
  let watched: WatchedFiles<string> | undefined;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    looks.splice(0);
    said.splice(0);
    values.splice(0);
  });
  afterEach(async () => {
    await watched?.close();
    await folder.remove();
  });

  /** Looks that are due when the test says so. */
  const looks: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    after: (_ms, action) => {
      looks.push(action);
      return () => looks.splice(0);
    },
  };
  const said: string[] = [];
  const say = (_fields: object, message: string): void => void said.push(message);
  const silent = createLog('test', 'silent');
  const log: Log = { ...silent, info: say, warn: say, error: say, debug: say, child: () => log };
  const values: string[] = [];

  async function open(path: string): Promise<void> {
    watched = await watchFiles({
      paths: [path],
      secret: [path],
      parse: ([text = '']) => {
        if (text.startsWith('bad')) throw new Error('it is bad');
        return text;
      },
      onChange: (value) => values.push(value),
      clock,
      log,
    });
  }

  /** Makes the next look and waits until it is over. */
  async function look(): Promise<void> {
    looks.shift()?.();
    await until('the look to be over', () => looks.length > 0);
  }

  it('are read again however they are replaced, and the last good content stays', async () => {
    const path = join(folder.path, 'tokens');
    await writeFile(path, 'one', { mode: 0o600 });
    await open(path);
    await look();
    await writeFile(path, 'two');
    await look();
    await writeFile(`${path}.new`, 'three', { mode: 0o600 });
    await rename(`${path}.new`, path);
    await look();
    await writeFile(path, 'bad');
    await look();
    await look();
    await rm(path);
    await look();
    await writeFile(`${path}.4`, 'four', { mode: 0o600 });
    await symlink('tokens.4', path);
    await look();
    const stays = 'the last good content stays in force';
    const fresh = 'new content is in force';
    assert.deepEqual(
      { first: watched?.first, values, said },
      {
        first: 'one',
        values: ['two', 'three', 'four'],
        said: [fresh, fresh, stays, stays, fresh],
      },
    );
  });

  it('are warned of when others may open them', async () => {
    const path = join(folder.path, 'tokens');
    await writeFile(path, 'one');
    await chmod(path, 0o640);
    await open(path);
    assert.deepEqual(said, ['others than the owner may open this file; chmod 600 it']);
  });

  it('must be there and right at first', async () => {
    const path = join(folder.path, 'tokens');
    await assert.rejects(open(path), { code: 'E_ACCESS_FILE', message: `cannot read ${path}` });
    await writeFile(path, 'bad');
    await assert.rejects(open(path), { code: 'E_ACCESS_FILE', message: `cannot use ${path}` });
  });
});
