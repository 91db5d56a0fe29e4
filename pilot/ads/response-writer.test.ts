import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Client, Server, ServerCredentials, credentials } from '@grpc/grpc-js';
import type { AdsCall, ResponseWriter } from './response-writer.ts';
import { createResponseWriter } from './response-writer.ts';

const pass = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const method = {
  path: '/test.Test/Stream',
  requestStream: true,
  responseStream: true,
  requestSerialize: pass,
  requestDeserialize: pass,
  responseSerialize: pass,
  responseDeserialize: pass,
} as const;

const head = randomBytes(30);
const bodies = [[], [100], [16 * 1024], [300_000], [20, 20_000, 30, 40_000]].map((sizes) =>
  sizes.map((size) => randomBytes(size)),
);

/** What a client receives when the server writes every body and ends. */
async function received(hide: (call: AdsCall) => AdsCall): Promise<string[]> {
  const server = new Server();
  server.addService(
    { Stream: method },
    {
      Stream: (call: AdsCall) => {
        writeAll(createResponseWriter(hide(call)), () => {
          call.end();
        });
      },
    },
  );
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => {
      resolve(bound);
    });
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const messages: string[] = [];
  try {
    const stream = client.makeBidiStreamRequest(method.path, pass, pass);
    stream.on('data', (bytes: Buffer) => messages.push(bytes.toString('hex')));
    await once(stream, 'end');
    return messages;
  } finally {
    client.close();
    server.forceShutdown();
  }
}

function writeAll(write: ResponseWriter, done: () => void): void {
  let left = bodies.length;
  for (const resources of bodies) {
    const size = Buffer.concat([head, ...resources]).length;
    write({ head, resources, size }, () => {
      left -= 1;
      if (left === 0) done();
    });
  }
}

describe('the response writer', () => {
  const wanted = bodies.map((body) => Buffer.concat([head, ...body]).toString('hex'));

  it('writes whole messages directly to the HTTP/2 stream', async () => {
    const messages = await received((call) => {
      call.write = () => {
        throw new Error('not by this way');
      };
      return call;
    });
    assert.deepEqual(messages, wanted);
  });

  it('writes through grpc-js when the HTTP/2 stream cannot be found', async () => {
    const messages = await received((call) => {
      const get = (target: AdsCall, name: string | symbol): unknown => {
        const value: unknown = name === 'call' ? undefined : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      };
      return new Proxy(call, { get });
    });
    assert.deepEqual(messages, wanted);
  });
});
