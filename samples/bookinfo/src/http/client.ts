import { request, type IncomingMessage, type RequestOptions } from 'node:http';

/** The HTTP proxy for outgoing calls, and the hosts that are called without it. */
export interface ProxySettings {
  readonly url: URL;
  /** Entries of NO_PROXY: `*`, a host name or the domain it ends in, each with an optional `:port`. */
  readonly bypass: readonly string[];
}

export type Headers = Readonly<Record<string, string>>;

export interface GetRequest {
  readonly url: string;
  readonly headers: Headers;
  /** For the whole answer, from the call to the last byte (ms). */
  readonly timeout: number;
}

export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | undefined>>;
      readonly body: string;
    }
  | { readonly kind: 'failure'; readonly reason: string };

/** Sends a GET request. What goes wrong is part of the reply: it never throws. */
export type HttpGet = (request: GetRequest) => Promise<Reply>;

/** Answers longer than this are failures (bytes): no service of the sample has that much to say. */
const maxBody = 1024 * 1024;

export function createHttpGet(proxy?: ProxySettings): HttpGet {
  return async ({ url, headers, timeout }) => {
    const signal = AbortSignal.timeout(timeout);
    try {
      return await send({ ...target(new URL(url), headers, proxy), signal });
    } catch (error) {
      const reason = signal.aborted ? `no answer within ${timeout} ms` : describe(error);
      return { kind: 'failure', reason };
    }
  };
}

/**
 * Where to connect and what to ask for. A proxy gets the absolute form of the URL (RFC 9112 §3.2.2). Every
 * call opens a connection of its own, so that a load balancer below HTTP spreads the calls too.
 */
function target(url: URL, headers: Headers, proxy: ProxySettings | undefined): RequestOptions {
  const proxied = proxy !== undefined && !bypasses(url, proxy.bypass);
  const { hostname, port } = proxied ? proxy.url : url;
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 80 : Number(port),
    path: proxied ? url.href : `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host },
    agent: false,
  };
}

/** Whether one of the NO_PROXY entries covers the host of `url`, by the rules of curl. */
export function bypasses(url: URL, entries: readonly string[]): boolean {
  const host = url.hostname.toLowerCase();
  const port = url.port === '' ? '80' : url.port;
  return entries.some((entry) => {
    if (entry === '*') return true;
    const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    const domain = name.replace(/^\*?\./, '');
    const covers = host === domain || (domain !== '' && host.endsWith(`.${domain}`));
    return covers && (only === undefined || only === port);
  });
}

function send(options: RequestOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      collect(response).then(resolve, (error: unknown) => {
        outgoing.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function collect(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw new Error(`the answer is longer than ${maxBody} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}
