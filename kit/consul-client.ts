import { request as requestPlain, type Agent, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';
import { OperationError } from './errors.ts';

/**
 * A small HTTP client for Consul's API. The npm package `consul` drops fields of a registration, has no
 * default timeout and hides the text of a 400, so what matters goes through here.
 */
export interface ConsulClientOptions {
  /** Such as http://127.0.0.1:8500. */
  readonly address: string;
  readonly token?: string;
  /** For requests that do not block (ms). */
  readonly timeout?: number;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes the connections, where they need more than an address: a socket, or certificates of our own. */
  readonly agent?: Agent;
}

export interface ConsulReply {
  readonly body: unknown;
  /** X-Consul-Index, absent on endpoints that cannot block. */
  readonly index?: number;
}

export interface ConsulRequest {
  readonly method?: 'GET' | 'PUT' | 'DELETE';
  /** Path and query below the address, such as /v1/agent/self. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Overrides the client's timeout (ms): a blocking query waits longer. */
  readonly timeout?: number;
  /** The body comes as it was sent, for those who may not have to read it. */
  readonly asText?: true;
}

export interface ConsulClient {
  /** Sends one request. Throws OperationError `E_CONSUL_HTTP` with Consul's own text, or `E_CONSUL_UNREACHABLE`. */
  readonly request: (request: ConsulRequest) => Promise<ConsulReply>;
}

export class ConsulHttpError extends OperationError {
  readonly status: number;

  constructor(request: ConsulRequest, status: number, text: string) {
    super(
      'E_CONSUL_HTTP',
      `Consul answered ${status} to ${request.method ?? 'GET'} ${request.path}: ${text.trim().slice(0, 500)}`,
    );
    this.status = status;
  }
}

export function createConsulClient(options: ConsulClientOptions): ConsulClient {
  const { address, token, timeout = 5000, agent } = options;
  const headers: Record<string, string> = {
    ...options.headers,
    ...(token === undefined ? {} : { 'X-Consul-Token': token }),
  };
  return {
    request: async (request) => {
      const call = toCall(new URL(request.path, address), request, { headers, timeout });
      const { status, index, text } = await send(call, agent);
      if (status < 200 || status > 299) throw new ConsulHttpError(request, status, text);
      const body = request.asText === true ? text : parseBody(text);
      return { body, ...(index === undefined ? {} : { index }) };
    },
  };
}

interface Call {
  readonly url: URL;
  readonly method: string;
  readonly headers: Record<string, string>;
  /** From the sending to the end of the answer (ms). */
  readonly limit: number;
  readonly signal?: AbortSignal;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly index?: number;
  readonly text: string;
}

function toCall(
  url: URL,
  request: ConsulRequest,
  { headers, timeout }: { readonly headers: Record<string, string>; readonly timeout: number },
): Call {
  return {
    url,
    method: request.method ?? 'GET',
    headers,
    limit: request.timeout ?? timeout,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  };
}

/**
 * By node:http, not by fetch: that knows neither sockets nor certificates of our own, and in one of two runs of
 * bench/stores.ts a query of its did not end when it was aborted, nor by its time limit.
 */
async function send(call: Call, agent: Agent | undefined): Promise<Answer> {
  try {
    return await new Promise<Answer>((resolve, reject) => {
      exchange(call, agent, { resolve, reject });
    });
  } catch (error) {
    throw new OperationError('E_CONSUL_UNREACHABLE', `cannot reach Consul at ${call.url.origin}`, {
      cause: error,
    });
  }
}

interface Outcome {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One request and its answer. The limit is a timer that ends with the request: the one of AbortSignal.timeout runs on
 * and makes an exception for nobody, which costs as much as the request.
 */
function exchange(call: Call, agent: Agent | undefined, { resolve, reject }: Outcome): void {
  const { url, body, limit, ...options } = call;
  const request = url.protocol === 'https:' ? requestSecure : requestPlain;
  const sent = request(url, { ...options, ...(agent === undefined ? {} : { agent }) });
  const timer = setTimeout(() => {
    reject(new Error(`no answer within ${limit} ms`));
    sent.destroy();
  }, limit);
  sent.on('close', () => {
    clearTimeout(timer);
  });
  sent.on('error', reject);
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () => {
      resolve(toAnswer(response, Buffer.concat(chunks).toString()));
    });
  });
  sent.end(body);
}

function toAnswer({ statusCode = 0, headers }: IncomingMessage, text: string): Answer {
  const index = parseIndex(headers['x-consul-index']);
  return { status: statusCode, text, ...(index === undefined ? {} : { index }) };
}

function parseIndex(header: string | readonly string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const index = Number(header);
  return Number.isSafeInteger(index) ? Math.max(1, index) : undefined;
}

function parseBody(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
