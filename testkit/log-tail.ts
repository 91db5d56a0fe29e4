import { StringDecoder } from 'node:string_decoder';
import { type FileHandle, open } from 'node:fs/promises';
import { type Closer, delay } from '../kit/lifecycle.ts';
import { type AccessLogEntry, parseAccessLogLine } from '../sidecar/contract/access-log.ts';

/** Reads an access log that grows, and finds in it what was written of a request. */
export class LogTail implements Closer {
  readonly #file: FileHandle;
  readonly #entries = new Map<string, AccessLogEntry>();
  readonly #streams: AccessLogEntry[] = [];
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #reading: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<LogTail> {
    return new LogTail(await open(path, 'r'));
  }

  /** The entry of a request; undefined when it is not there after `limit` ms. */
  async find(requestId: string, limit: number): Promise<AccessLogEntry | undefined> {
    return this.#wait(() => this.#entries.get(requestId), limit);
  }

  /** The entry of the byte stream that came from this port of the caller. */
  async findStream(remoteAddress: string, limit: number): Promise<AccessLogEntry | undefined> {
    return this.#wait(
      () => this.#streams.find((entry) => entry.remoteAddress === remoteAddress),
      limit,
    );
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #wait<T>(look: () => T | undefined, limit: number): Promise<T | undefined> {
    const deadline = Date.now() + limit;
    for (;;) {
      const found = look();
      if (found !== undefined || Date.now() > deadline) return found;
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      await this.#reading;
      if (look() === undefined) await delay(2);
    }
  }

  async #read(): Promise<void> {
    const { bytesRead, buffer } = await this.#file.read({ buffer: Buffer.alloc(256 * 1024) });
    const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const entry = parseAccessLogLine(line);
      if (entry?.requestId !== undefined) this.#entries.set(entry.requestId, entry);
      else if (entry !== undefined) this.#streams.push(entry);
    }
  }
}
