import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { Closer } from '../../kit/lifecycle.ts';
import { type AccessLogEntry, parseAccessLogLine } from '../../sidecar/contract/access-log.ts';

/** What sidecars write of the requests that somebody waits for. Everything else in their logs is passed over. */
export class LiveLog {
  readonly #awaited = new Map<
    string,
    { readonly workload: string; readonly entry: AccessLogEntry }[]
  >();

  /** To be called before the request is sent. */
  expect(requestId: string): void {
    this.#awaited.set(keyOf(requestId), []);
  }

  forget(requestId: string): void {
    this.#awaited.delete(keyOf(requestId));
  }

  take(workload: string, line: string): void {
    const entry = parseAccessLogLine(line);
    if (entry?.requestId === undefined) return;
    this.#awaited.get(keyOf(entry.requestId))?.push({ workload, entry });
  }

  /** What was written so far, in the order of reading. */
  entriesOf(
    requestId: string,
  ): readonly { readonly workload: string; readonly entry: AccessLogEntry }[] {
    return this.#awaited.get(keyOf(requestId)) ?? [];
  }
}

/**
 * A proxy that traces writes into the version digit of the UUID why it does or does not (Envoy's UUID request id
 * extension, pack_trace_reason).
 */
function keyOf(requestId: string): string {
  return requestId.replace(/^([\da-f]{8}-[\da-f]{4}-)[\da-f]/i, '$1_');
}

/** Splits what a log gives into lines. */
export function createLineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

/** Follows a file from its present end. */
export class FileFollower implements Closer {
  readonly #file: FileHandle;
  readonly #onChunk: (chunk: Buffer) => void;
  #position: number;
  #reading: Promise<void> | undefined;

  private constructor(file: FileHandle, position: number, onLine: (line: string) => void) {
    this.#file = file;
    this.#position = position;
    this.#onChunk = createLineReader(onLine);
  }

  static async open(path: string, onLine: (line: string) => void): Promise<FileFollower> {
    const file = await open(path, 'r');
    return new FileFollower(file, (await file.stat()).size, onLine);
  }

  /** Reads what was added. */
  read(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async close(): Promise<void> {
    await this.#reading;
    await this.#file.close();
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read({
        buffer: Buffer.alloc(64 * 1024),
        position: this.#position,
      });
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#onChunk(buffer.subarray(0, bytesRead));
    }
  }
}
