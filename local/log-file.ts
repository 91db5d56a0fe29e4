import { createWriteStream } from 'node:fs';
import type { Closer } from '../kit/lifecycle.ts';

/** A file that a part of the mesh writes into. */
export interface LogFile extends Closer {
  readonly write: (text: string | Buffer) => void;
  /** Resolves when everything is written. */
  readonly close: () => Promise<void>;
}

/** Opens the file for appending. What cannot be written is lost: a full disk must not end the mesh. */
export function openLogFile(path: string): LogFile {
  const stream = createWriteStream(path, { flags: 'a' });
  stream.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });
  return {
    write: (text) => {
      if (stream.writable) stream.write(text);
    },
    close: () => {
      stream.end();
      return closed;
    },
  };
}
