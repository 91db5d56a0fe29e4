import { StringDecoder } from 'node:string_decoder';
import { type FileHandle, open } from 'node:fs/promises';
import { type Closer, delay } from '../../kit/lifecycle.ts';
import { type AccessLogEntry, parseAccessLogLine } from '../../sidecar/contract/access-log.ts';

/** Reads an access log that grows, and finds in it what was written of a request. */
export class LogTail implements Closer {
  readonly #file: FileHandle;
  /** By request id; of byte streams by the address of the caller. */
  readonly #entries = new Map<string, AccessLogEntry>();
  readonly #buffer = Buffer.alloc(256 * 1024);
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #reading: Promise<void> | undefined;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<LogTail> {
    return new LogTail(await open(path, 'r'));
  }

  /** Gives out the entry of a request, once; undefined when it is not there after `limit` ms. */
  find(requestId: string, limit: number): Promise<AccessLogEntry | undefined> {
    return this.#take(requestId, limit);
  }

  /** Gives out the entry of the byte stream that came from this ADDRESS:PORT of the caller, once. */
  findStream(remoteAddress: string, limit: number): Promise<AccessLogEntry | undefined> {
    return this.#take(remoteAddress, limit);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #take(key: string, limit: number): Promise<AccessLogEntry | undefined> {
    const deadline = Date.now() + limit;
    for (let isLast = false; !this.#entries.has(key) && !isLast;) {
      // Once more when time is up: it may have passed while this program had to stand still.
      isLast = Date.now() > deadline;
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      await this.#reading;
      if (!this.#entries.has(key)) await delay(2);
    }
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    return entry;
  }

  async #read(): Promise<void> {
    const { bytesRead, buffer } = await this.#file.read({ buffer: this.#buffer });
    const lines = (this.#rest + this.#decoder.write(buffer.subarray(0, bytesRead))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const entry = parseAccessLogLine(line);
      const key = entry?.requestId ?? entry?.remoteAddress;
      if (entry !== undefined && key !== undefined) this.#entries.set(key, entry);
    }
  }
}
