/**
 * Sends requests from the network of a workload: run in the container of its sidecar as a user whose connections are
 * captured, so that its own sidecar handles them as it handles the application's. Ends when its input ends.
 */
import { request as startRequest } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { addAbortSignal } from 'node:stream';
import { type Answer, type Outcome, measureOutcome, readAnswer } from '../kit/http-outcome.ts';
import type { ProbeAnswer, ProbeRequest } from './contract/probe.ts';

createInterface({ input: process.stdin }).on('line', (line) => {
  void respond(JSON.parse(line) as ProbeRequest);
});

async function respond(request: ProbeRequest): Promise<void> {
  const answer: ProbeAnswer = { id: request.id, outcome: await probe(request) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function probe(request: ProbeRequest): Promise<Outcome> {
  return measureOutcome(request.timeout, (signal) =>
    request.url.startsWith('tcp:') ? touch(request, signal) : send(request, signal),
  );
}

function send({ url, method, headers, body }: ProbeRequest, signal: AbortSignal): Promise<Answer> {
  const { host } = new URL(url);
  return readAnswer(startRequest(url, { method, headers: { host, ...headers }, signal }).end(body));
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
