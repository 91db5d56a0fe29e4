/** The few calls of the Docker Engine API that the registrator makes, each with a time limit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { OperationError } from '../../kit/errors.ts';
import type { Closer } from '../../kit/lifecycle.ts';
import { parseContainer, type Container, type InspectReply } from './container.ts';
import { Dockerode } from './dockerode.ts';

export type EngineAddress =
  | { readonly kind: 'socket'; readonly path: string }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** Folder of ca.pem, cert.pem and key.pem; present when the connection is TLS. */
      readonly certificates?: string;
    };

export interface EngineInfo {
  /** Stays the same for the life of an Engine installation. */
  readonly id: string;
  /** Host name of the machine. */
  readonly name: string;
}

export interface Engine {
  readonly info: () => Promise<EngineInfo>;
  /** Ids of all containers, also of those that do not run. */
  readonly list: () => Promise<readonly string[]>;
  /** Undefined when there is no such container (any more). */
  readonly inspect: (id: string) => Promise<Container | undefined>;
  /** The raw event stream, open when the promise resolves: what happens from then on is in it. */
  readonly events: (filters: EventFilters, signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;
}

/** Values of one list are alternatives; the lists restrict each other. */
export interface EventFilters {
  readonly type: readonly ('container' | 'network')[];
  readonly event: readonly string[];
}

/** How long a call may take (ms): an Engine under load answers an inspect late. */
const defaultTimeout = 10_000;

/** docker-modem, which dockerode stands on; its type declaration is not dockerode's. */
interface Modem {
  readonly dial: (
    options: object,
    callback: (error: Error, chunks: AsyncIterable<Buffer> | null | undefined) => void,
  ) => void;
}

interface EngineReply {
  readonly ID?: unknown;
  readonly Name?: unknown;
}

interface ListReply {
  readonly Id: string;
}

/**
 * Calls throw OperationError `E_DOCKER`, with the Engine's own words in the cause; `E_DOCKER_REFUSED` for 403, which
 * proxies that filter calls answer.
 */
export class DockerodeEngine implements Engine, Closer {
  readonly #docker: Docker;
  readonly #place: string;
  readonly #timeout: number;
  readonly #calls = new Set<AbortController>();

  constructor(address: EngineAddress, timeout = defaultTimeout) {
    this.#docker = new Dockerode(connectionOptions(address));
    this.#place = formatEngineAddress(address);
    this.#timeout = timeout;
  }

  info = async (): Promise<EngineInfo> => {
    const info = await this.#read<EngineReply>('read its info', '/info');
    const { ID: id, Name: name } = info ?? {};
    if (typeof id !== 'string' || id === '' || typeof name !== 'string') {
      throw new OperationError('E_DOCKER', `the Docker Engine at ${this.#place} has no id`);
    }
    return { id, name };
  };

  list = async (): Promise<readonly string[]> => {
    const path = '/containers/json?all=1';
    const containers = await this.#read<readonly ListReply[]>('list its containers', path);
    return (containers ?? []).map(({ Id }) => Id);
  };

  inspect = async (id: string): Promise<Container | undefined> => {
    const purpose = `inspect container ${id.slice(0, 12)}`;
    const reply = await this.#read<InspectReply>(purpose, `/containers/${id}/json`);
    return reply === undefined ? undefined : parseContainer(reply);
  };

  events = (filters: EventFilters, signal: AbortSignal): Promise<AsyncIterable<Buffer>> =>
    this.#call('open its event stream', async () => {
      const options = { filters: JSON.stringify(filters), abortSignal: signal };
      return (await this.#docker.getEvents(options)) as unknown as AsyncIterable<Buffer>;
    });

  /** Ends calls that are under way. */
  close(): void {
    for (const call of this.#calls) call.abort(new Error('closed'));
  }

  /**
   * What the Engine answers to a GET; undefined for 404. It is read as a stream, because docker-modem never settles
   * when a body that it reads itself is cut off.
   */
  #read<T>(purpose: string, path: string): Promise<T | undefined> {
    return this.#call(purpose, async (abortSignal) => {
      try {
        const chunks = await this.#open(path, abortSignal);
        return JSON.parse(await readText(chunks)) as T;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  #open(path: string, abortSignal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    // A question mark stands for a query that is in `options`, and is cut off without one.
    const options = { path: path.includes('?') ? `${path}?` : path, method: 'GET', abortSignal };
    const modem = this.#docker.modem as unknown as Modem;
    return new Promise((resolve, reject) => {
      modem.dial({ ...options, isStream: true, statusCodes: { 200: true } }, (error, chunks) => {
        if (chunks) resolve(chunks);
        else reject(error);
      });
    });
  }

  /** The race, besides the signal, because docker-modem never settles when the body of an error is cut off. */
  async #call<T>(purpose: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const call = new AbortController();
    const timer = setTimeout(() => {
      call.abort(new Error(`no answer within ${this.#timeout} ms`));
    }, this.#timeout);
    this.#calls.add(call);
    try {
      return await Promise.race([send(call.signal), whenAborted(call.signal)]);
    } catch (error) {
      const message = `the Docker Engine at ${this.#place} does not let us ${purpose}`;
      const code = statusOf(error) === 403 ? 'E_DOCKER_REFUSED' : 'E_DOCKER';
      throw new OperationError(code, message, { cause: error });
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call);
    }
  }
}

/** As DOCKER_HOST writes it. */
export function formatEngineAddress(address: EngineAddress): string {
  return address.kind === 'socket'
    ? `unix://${address.path}`
    : `tcp://${address.host}:${address.port}`;
}

/** docker-modem reads DOCKER_HOST and DOCKER_CLIENT_TIMEOUT by itself; every field it would set is set here. */
function connectionOptions(address: EngineAddress): Docker.DockerOptions {
  const common = { protocol: 'http', timeout: undefined } as const;
  if (address.kind === 'socket') {
    return { ...common, host: undefined, port: undefined, socketPath: address.path };
  }
  const { host, port, certificates } = address;
  const place = { ...common, host, port, socketPath: undefined };
  return certificates === undefined
    ? place
    : { ...place, protocol: 'https', ...readCertificates(certificates) };
}

/** The names that `docker` itself expects in DOCKER_CERT_PATH. */
function readCertificates(folder: string): Pick<Docker.DockerOptions, 'ca' | 'cert' | 'key'> {
  try {
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
  } catch (error) {
    const message = `cannot read the certificates for Docker in DOCKER_CERT_PATH ${folder}`;
    throw new OperationError('E_DOCKER', message, { cause: error });
  }
}

async function readText(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'statusCode' in error
    ? error.statusCode
    : undefined;
}
