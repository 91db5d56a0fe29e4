/**
 * Sends requests from the network of a workload: run in the container of its sidecar as a user whose connections are
 * captured, so that its own sidecar handles them as it handles the application's. Ends when its input ends.
 */
import { type IncomingMessage, request as startRequest } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { addAbortSignal } from 'node:stream';
import type { ProbeAnswer, ProbeOutcome, ProbeRequest } from './contract/probe.ts';

type Answer = Omit<Extract<ProbeOutcome, { kind: 'answer' }>, 'kind' | 'took'>;

createInterface({ input: process.stdin }).on('line', (line) => {
  void respond(JSON.parse(line) as ProbeRequest);
});

async function respond(request: ProbeRequest): Promise<void> {
  const answer: ProbeAnswer = { id: request.id, outcome: await probe(request) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function probe(request: ProbeRequest): Promise<ProbeOutcome> {
  const start = performance.now();
  const took = (): number => Math.round(performance.now() - start);
  const signal = AbortSignal.timeout(request.timeout);
  try {
    const answer = request.url.startsWith('tcp:')
      ? await touch(request, signal)
      : await send(request, signal);
    return { kind: 'answer', ...answer, took: took() };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const reason = signal.aborted ? `no answer within ${request.timeout} ms` : text;
    return { kind: 'failure', reason, took: took() };
  }
}

function send({ url, method, headers, body }: ProbeRequest, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const outgoing = startRequest(url, { method, headers: { host, ...headers }, signal });
    outgoing.once('response', (response) => {
      read(response).then(resolve, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers = Object.entries(response.headersDistinct).map(([name, values]) => [
    name,
    values?.join(', ') ?? '',
  ]);
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** Connects, and waits a moment for what a server says that speaks first. Nothing is sent: it may not be harmless. */
function touch({ url }: ProbeRequest, signal: AbortSignal): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = addAbortSignal(signal, connect(Number(port), hostname));
    let body = '';
    socket.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    socket.once('connect', () => {
      setTimeout(() => {
        socket.end();
      }, 200);
    });
    socket.once('error', reject);
    socket.once('close', () => {
      resolve({ status: 0, headers: {}, body });
    });
  });
}
