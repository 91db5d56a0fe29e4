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
}

export interface ConsulReply {
  readonly body: unknown;
  /** X-Consul-Index, absent on endpoints that cannot block. */
  readonly index?: number;
}

export interface ConsulRequest {
  readonly method?: 'GET' | 'PUT';
  /** Path and query below the address, such as /v1/agent/self. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Overrides the client's timeout (ms): a blocking query waits longer. */
  readonly timeout?: number;
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
  const { address, token, timeout = 5000 } = options;
  const headers: Record<string, string> = token === undefined ? {} : { 'X-Consul-Token': token };
  return {
    request: async (request) => {
      const response = await send(new URL(request.path, address), request, headers, timeout);
      const text = await response.text();
      if (!response.ok) throw new ConsulHttpError(request, response.status, text);
      const index = parseIndex(response.headers.get('x-consul-index'));
      return { body: parseBody(text), ...(index === undefined ? {} : { index }) };
    },
  };
}

async function send(
  url: URL,
  request: ConsulRequest,
  headers: Readonly<Record<string, string>>,
  timeout: number,
): Promise<Response> {
  const limit = AbortSignal.timeout(request.timeout ?? timeout);
  try {
    return await fetch(url, {
      method: request.method ?? 'GET',
      headers,
      signal: request.signal === undefined ? limit : AbortSignal.any([request.signal, limit]),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
  } catch (error) {
    throw new OperationError('E_CONSUL_UNREACHABLE', `cannot reach Consul at ${url.origin}`, {
      cause: error,
    });
  }
}

function parseIndex(header: string | null): number | undefined {
  if (header === null) return undefined;
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
