import type { IncomingMessage } from 'node:http';
import { createBackoff } from '../../kit/backoff.ts';
import type { Clock } from '../../kit/clock.ts';
import { OperationError, describeError } from '../../kit/errors.ts';
import { delay, type Closer } from '../../kit/lifecycle.ts';
import type { Log } from '../../kit/log.ts';
import { WatchedCell, type Watched } from '../../kit/watched.ts';
import { get } from '../agent/http.ts';
import { nameTableHeartbeat, nameTablePath, type NameTable } from '../contract/name-table.ts';

/** A watch on which nothing arrived for so long is dead (ms): three missing heartbeats. */
const silenceLimit = 3 * nameTableHeartbeat;

/** Follows pilot's name table. While pilot is away the last table stays. */
export class NameTableWatch implements Closer {
  readonly #table = new WatchedCell<NameTable>((left, right) => left.version === right.version);
  readonly #url: URL;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #backoff = createBackoff({ initial: 250, max: 3000 });
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #reported: string | undefined;

  /** `pilotHttp` is the base URL of pilot's HTTP server. */
  constructor(pilotHttp: string, log: Log, clock: Clock) {
    this.#url = new URL(`${nameTablePath}?watch=true`, pilotHttp);
    this.#log = log;
    this.#clock = clock;
  }

  get table(): Watched<NameTable> {
    return this.#table;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const error = await this.#follow().then(() => 'pilot ended the watch', describeError);
      if (isAborted(signal)) return;
      // One line when pilot goes away, not one for every try.
      if (error !== this.#reported) {
        this.#log.warn({ error }, 'no name table from pilot; trying again');
      }
      this.#reported = error;
      await delay(this.#backoff.next(), signal);
    }
  }

  /** One watch, until it ends or fails. */
  #follow(): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = get(this.#url, { agent: false, signal: this.#ending.signal });
      let cancelTimer = (): void => undefined;
      const expectMore = (): void => {
        cancelTimer();
        cancelTimer = this.#clock.after(silenceLimit, () => {
          request.destroy(new Error(`nothing arrived for ${silenceLimit} ms`));
        });
      };
      const fail = (error: unknown): void => {
        cancelTimer();
        request.destroy();
        reject(new OperationError('E_NAME_TABLE', `watching ${this.#url.href}`, { cause: error }));
      };
      request.on('error', fail);
      request.on('response', (response: IncomingMessage) => {
        if (response.statusCode !== 200) {
          fail(new Error(`pilot answered ${response.statusCode ?? 'nothing'}`));
          return;
        }
        response.on('error', fail);
        response.on('end', () => {
          cancelTimer();
          resolve();
        });
        this.#readLines(response, { expectMore, fail });
      });
      expectMore();
    });
  }

  #readLines(
    response: IncomingMessage,
    { expectMore, fail }: { expectMore: () => void; fail: (error: unknown) => void },
  ): void {
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      expectMore();
      const lines = text.split('\n');
      lines[0] = rest + (lines[0] ?? '');
      rest = lines.pop() ?? '';
      try {
        for (const line of lines) this.#readLine(line);
      } catch (error) {
        fail(error);
      }
    });
  }

  #readLine(line: string): void {
    if (line.trim() === '') return;
    const table = parseNameTable(line);
    this.#backoff.reset();
    if (this.#reported !== undefined) this.#log.info({}, 'name table from pilot again');
    this.#reported = undefined;
    if (this.#table.set(table)) {
      const names = Object.keys(table.names).length;
      this.#log.debug({ version: table.version, names }, 'name table');
    }
  }
}

/** Reads one line of the watch. Throws on anything that is not a name table. */
export function parseNameTable(line: string): NameTable {
  const value: unknown = JSON.parse(line);
  if (!isNameTable(value)) throw new Error(`not a name table: ${line.slice(0, 100)}`);
  return value;
}

function isNameTable(value: unknown): value is NameTable {
  if (typeof value !== 'object' || value === null) return false;
  if (!('version' in value) || typeof value.version !== 'string') return false;
  if (!('names' in value) || typeof value.names !== 'object' || value.names === null) return false;
  return Object.values(value.names).every(
    (addresses: unknown) =>
      Array.isArray(addresses) && addresses.every((address) => typeof address === 'string'),
  );
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
