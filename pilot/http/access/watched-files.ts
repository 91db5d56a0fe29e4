import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../../kit/clock.ts';
import { describeError, OperationError } from '../../../kit/errors.ts';
import type { Closer } from '../../../kit/lifecycle.ts';
import type { Log } from '../../../kit/log.ts';

export interface WatchedFilesOptions<T> {
  readonly paths: readonly string[];
  /** Those of them that only their owner should be able to open. */
  readonly secret: readonly string[];
  /** Makes the value of the contents, in the order of the paths. Throws when they are wrong. */
  readonly parse: (texts: readonly string[]) => T;
  /** Called with each further value. */
  readonly onChange: (value: T) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Time between looks (ms). */
  readonly interval?: number;
}

/** Files whose value was made, and that are looked at again. */
export interface WatchedFiles<T> extends Closer {
  readonly first: T;
}

const defaultInterval = 1000;

/** Rights of others than the owner. */
const othersMay = 0o077;

/**
 * Reads small files and looks from time to time whether they have changed: whatever way they are replaced, in
 * place, by rename or by a symbolic link further up. What is wrong or gone later is logged, and the
 * last good content stays in force. Throws OperationError `E_ACCESS_FILE` when they are wrong at first.
 */
export async function watchFiles<T>(options: WatchedFilesOptions<T>): Promise<WatchedFiles<T>> {
  const { paths, secret, parse, clock, log, interval = defaultInterval } = options;
  let texts = await readAll(paths);
  const first = parseFirst(paths, () => parse(texts));
  await warnOfRights(secret, log);
  let complaint = '';
  let closed = false;
  let cancel = (): void => undefined;
  const look = async (): Promise<void> => {
    try {
      const read = await readAll(paths);
      if (read.some((text, index) => text !== texts[index])) {
        const value = parse(read);
        texts = read;
        options.onChange(value);
        log.info({ files: paths }, 'new content is in force');
        await warnOfRights(secret, log);
      }
      complaint = '';
    } catch (error) {
      const message = describeError(error);
      const fields = { files: paths, error: message };
      if (message !== complaint) log.error(fields, 'the last good content stays in force');
      complaint = message;
    }
    lookLater();
  };
  const lookLater = (): void => {
    if (!closed) cancel = clock.after(interval, () => void look());
  };
  lookLater();
  return {
    first,
    close: () => {
      closed = true;
      cancel();
    },
  };
}

function readAll(paths: readonly string[]): Promise<readonly string[]> {
  return Promise.all(paths.map(read));
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new OperationError('E_ACCESS_FILE', `cannot read ${path}`, { cause });
  }
}

function parseFirst<T>(paths: readonly string[], parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new OperationError('E_ACCESS_FILE', `cannot use ${paths.join(' and ')}`, { cause });
  }
}

async function warnOfRights(secret: readonly string[], log: Log): Promise<void> {
  for (const path of secret) {
    const { mode } = await stat(path);
    if ((mode & othersMay) === 0) continue;
    const rights = (mode & 0o777).toString(8);
    log.warn({ path, mode: rights }, 'others than the owner may open this file; chmod 600 it');
  }
}
