import { once } from 'node:events';
import { connect } from 'node:net';
import { createRandom, type Random } from './random.ts';
import { makeRequest, mutateBytes } from './requests.ts';

/**
 * Sends `count` connections of bytes that are nearly HTTP: cut off, changed, with wrong lengths, several requests at once, watches that
 * are left. Rejects when the server does not answer a proper request in between.
 */
export async function fuzzSockets(
  url: string,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<{ readonly answers: Readonly<Record<string, number>> }> {
  const random = createRandom(seed);
  const answers: Record<string, number> = {};
  for (let done = 0; done < count; done += batch) {
    const sent = Array.from({ length: Math.min(batch, count - done) }, () => makeBytes(random));
    for (const status of await Promise.all(sent.map((bytes) => exchange(url, bytes)))) {
      answers[status] = (answers[status] ?? 0) + 1;
    }
    const { status } = await fetch(`${url}/apis/networking.istio.io/v1/virtualservices`);
    if (status !== 200) throw new Error(`after ${done} connections of seed ${seed}: ${status}`);
  }
  return { answers };
}

const batch = 20;

function makeBytes(random: Random): Buffer {
  const count = random.pick([1, 1, 1, 2, 3]);
  const parts = Array.from({ length: count }, () => makeOne(random));
  const bytes = Buffer.concat(parts);
  if (random.chance(0.3)) return bytes.subarray(0, random.integer(bytes.length));
  return random.chance(0.5) ? mutateBytes(bytes, random) : bytes;
}

function makeOne(random: Random): Buffer {
  const { method, url, headers, body = '' } = makeRequest(random);
  const watched =
    method === 'GET' && random.chance(0.3) ? `${url.split('?')[0] ?? ''}?watch=true` : url;
  const length = random.chance(0.9) ? Buffer.byteLength(body) : random.integer(5000);
  const lines = [
    `${method} ${watched} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    random.chance(0.05) ? 'transfer-encoding: chunked' : `content-length: ${length}`,
    ...(random.chance(0.02) ? ['expect: 100-continue'] : []),
    ...(random.chance(0.02) ? ['connection: upgrade', 'upgrade: websocket'] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body)]);
}

/** The status of the first answer; `none` when the server waits for more, and the client leaves. */
async function exchange(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // What the server thinks of the bytes is no error of the client.
  socket.on('error', () => undefined);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    socket.destroy();
  });
  socket.setTimeout(patience, () => socket.destroy());
  socket.write(bytes);
  await once(socket, 'close');
  const status =
    /^HTTP\/1\.1 (\d{3})/.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? 'none';
  // Kubernetes' answer to a version that is yet to come is declared, and no accident.
  return status === '504' && bytes.includes('resourceVersion=') ? 'yet to come' : status;
}

/** How long a client waits for an answer to what may be half a request (ms). */
const patience = 100;
