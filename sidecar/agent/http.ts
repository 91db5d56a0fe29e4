/**
 * HTTP as the agent needs it. `import 'node:http'` evaluates every export of the module, WebSocket among
 * them, which loads undici and costs 12 MB of memory beside each Envoy; this way of getting at it does not.
 */
const http = process.getBuiltinModule('node:http');

export const { createServer, get } = http;

export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

export interface HttpCall {
  readonly port: number;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  /** For the whole exchange (ms). */
  readonly timeout?: number;
}

/** Calls a server on loopback. Throws what node:http throws, or an AbortError after the time-out. */
export function callLoopback(call: HttpCall): Promise<HttpReply> {
  const { port, path, method = 'GET', timeout = 1000 } = call;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    const request = http.request({ host: '127.0.0.1', port, path, method, agent: false, signal });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
      });
    });
    request.end();
  });
}

/** Whether `callLoopback` threw because its time was up. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ABORT_ERR';
}
