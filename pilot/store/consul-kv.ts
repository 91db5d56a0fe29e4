import { type ConsulClient, ConsulHttpError, type ConsulReply } from '../../kit/consul-client.ts';
import { describeError } from '../../kit/errors.ts';
import { type Head, type StoredHead, formatHead, parseHead } from './consul-head.ts';
import { headPathOf } from './consul-keys.ts';
import { StoreError } from './store.ts';

/** One key of Consul's KV store, and when it was written. */
export interface KvPlace {
  readonly path: string;
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export interface KvEntry extends KvPlace {
  /** The value; decoded only when it is asked for. */
  readonly text: () => string;
}

/** One write, made only if the key is still as `index` says; 0: if it is not there. */
export type KvWrite =
  | {
      readonly verb: 'set';
      readonly path: string;
      readonly text: string;
      readonly index: number;
    }
  | { readonly verb: 'delete'; readonly path: string; readonly index: number };

export interface ConsulKvOptions {
  readonly client: ConsulClient;
  /** Such as composemesh/config. */
  readonly prefix: string;
  readonly datacenter?: string;
}

/**
 * Consul's default for `limits.txn_max_req_len` and `limits.kv_max_value_size` (bytes): a transaction is a JSON text
 * with the values in base64.
 */
const transactionLimit = 512 * 1024;
/** What the longest record of the last writes takes of it: its size, in base64. */
const headShare = 24 * 1024;
/** So long may the text of an object be (bytes). */
export const valueLimit = Math.floor(((transactionLimit - headShare) * 3) / 4);

/** The keys of a store in Consul: what is asked and told, and what Consul's errors mean. */
export class ConsulKv {
  readonly #client: ConsulClient;
  readonly #prefix: string;
  readonly #datacenter: string;

  constructor({ client, prefix, datacenter }: ConsulKvOptions) {
    this.#client = client;
    this.#prefix = prefix;
    this.#datacenter = datacenter === undefined ? '' : `dc=${encodeURIComponent(datacenter)}`;
  }

  /**
   * For a blocking query that every change below the prefix ends. Its answer is short, the names of the first level;
   * what matters is the index.
   */
  get changePath(): string {
    return `/v1/kv/${encodePath(this.#prefix)}/?${this.#query('keys=true&separator=%2F')}`;
  }

  /** Everything below the prefix. Throws StoreError `E_UNAVAILABLE`. */
  async readTree(
    signal?: AbortSignal,
  ): Promise<{ readonly entries: readonly KvEntry[]; readonly index: number }> {
    const path = `/v1/kv/${encodePath(this.#prefix)}/?${this.#query('recurse=true')}`;
    const reply = await this.#read(path, signal);
    return { entries: readEntries(reply?.body), index: reply?.index ?? 0 };
  }

  async read(path: string): Promise<KvEntry | undefined> {
    return readEntries((await this.#read(this.#pathOf(path)))?.body)[0];
  }

  /** The record of the last writes; undefined when there is none. */
  async readHead(): Promise<StoredHead | undefined> {
    return this.headOf(await this.read(headPathOf(this.#prefix)));
  }

  headOf(entry: KvEntry | undefined): StoredHead | undefined {
    return entry === undefined ? undefined : parseHead(entry.text(), entry.modifyIndex);
  }

  /**
   * Writes the record of the last writes, and one object with it. Returns Consul's index of the write, or undefined
   * when somebody else was first. Throws StoreError `E_TOO_LARGE`, `E_READ_ONLY` or `E_UNAVAILABLE`; after the
   * last it may have been done all the same.
   */
  async write(
    head: { readonly value: Head; readonly index: number },
    write?: KvWrite,
  ): Promise<number | undefined> {
    const path = headPathOf(this.#prefix);
    const text = formatHead(head.value);
    const operations = [
      toOperation({ verb: 'set', path, text, index: head.index }),
      ...(write === undefined ? [] : [toOperation(write)]),
    ];
    try {
      const { body } = await this.#client.request({
        method: 'PUT',
        path: `/v1/txn?${this.#datacenter}`,
        body: operations,
      });
      return (body as TransactionReply).Results.at(0)?.KV.ModifyIndex;
    } catch (error) {
      if (isLostRace(error)) return undefined;
      throw explain(error);
    }
  }

  async #read(path: string, signal?: AbortSignal): Promise<ConsulReply | undefined> {
    const timeout = readTimeout;
    try {
      const options = signal === undefined ? { path, timeout } : { path, timeout, signal };
      return await this.#client.request(options);
    } catch (error) {
      if (error instanceof ConsulHttpError && error.status === 404) return undefined;
      throw explain(error, 'it cannot be read');
    }
  }

  #pathOf(path: string): string {
    return `/v1/kv/${encodePath(path)}?${this.#query()}`;
  }

  #query(given = ''): string {
    return [given, this.#datacenter].filter((part) => part !== '').join('&');
  }
}

/** Thousands of objects take their time (ms). */
const readTimeout = 30_000;

interface RawEntry {
  readonly Key: string;
  /** In base64; null for an empty value. */
  readonly Value: string | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

interface TransactionReply {
  readonly Results: readonly { readonly KV: { readonly ModifyIndex: number } }[];
}

function readEntries(body: unknown): readonly KvEntry[] {
  const raw = (body ?? []) as readonly RawEntry[];
  return raw.map(({ Key, Value, CreateIndex, ModifyIndex }) => ({
    path: Key,
    createIndex: CreateIndex,
    modifyIndex: ModifyIndex,
    text: () => Buffer.from(Value ?? '', 'base64').toString('utf8'),
  }));
}

function toOperation(write: KvWrite): object {
  const { path: Key, index: Index } = write;
  if (write.verb === 'delete') return { KV: { Verb: 'delete-cas', Key, Index } };
  const Value = Buffer.from(write.text, 'utf8').toString('base64');
  return { KV: { Verb: 'cas', Key, Value, Index } };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** A transaction that may not be made for lack of rights has the same status as one that came too late. */
function isLostRace(error: unknown): boolean {
  return error instanceof ConsulHttpError && error.status === 409 && !isDenied(error);
}

function isDenied(error: ConsulHttpError): boolean {
  return error.status === 403 || /permission denied|ACL not found/i.test(error.message);
}

/** Of a transaction, Consul says of each operation what is wrong, in a document of its own. */
function reasonOf({ message }: ConsulHttpError): string {
  const reasons = [...message.matchAll(/"What":\s*"((?:[^"\\]|\\.)*)"/g)].map(([, reason = '']) =>
    reason.replaceAll('\\"', '"'),
  );
  return reasons.length === 0 ? message : [...new Set(reasons)].join('; ');
}

/**
 * What an error of Consul means for the one who wants to read or write configuration. `effect` is what follows if Consul
 * is away; by default what it means to a pilot.
 */
export function explain(
  error: unknown,
  effect = 'nothing can be written now; what is in force stays',
): StoreError {
  if (error instanceof StoreError) return error;
  if (error instanceof ConsulHttpError && isDenied(error)) {
    return new StoreError(
      'E_READ_ONLY',
      `Consul refuses its ACL token the right to the configuration: give it key_prefix policy "write" for the prefix (${reasonOf(error)})`,
      { cause: error },
    );
  }
  if (error instanceof ConsulHttpError && error.status === 413) {
    return new StoreError('E_TOO_LARGE', `the object is too large for Consul: ${error.message}`, {
      cause: error,
    });
  }
  return new StoreError(
    'E_UNAVAILABLE',
    `the config store in Consul does not answer, so ${effect} (${describeError(error)})`,
    { cause: error },
  );
}
