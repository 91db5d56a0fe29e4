import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type Server as HttpServer, type RequestListener, createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { type TemporaryFolder, makeTemporaryFolder } from '../../test/support/folders.ts';
import { type Connection, connectPilot } from './connection.ts';
import { discoverKinds } from './served-kinds.ts';

describe('a connection to pilot', () => {
  const opened: { close: () => unknown }[] = [];
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await folder.remove();
  });

  async function listen(server: HttpServer): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push(server);
    return (server.address() as AddressInfo).port;
  }

  async function connectTo(answer: RequestListener): Promise<Connection> {
    const port = await listen(createServer(answer));
    const connection = connectPilot({ url: `http://127.0.0.1:${port}` });
    opened.unshift(connection);
    return connection;
  }

  it('goes over TLS with a certificate to trust, and says who asks', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const server = createSecureServer({ key, cert }, (request, response) => {
      response.end(JSON.stringify({ token: request.headers.authorization }));
    });
    const url = `https://127.0.0.1:${await listen(server)}`;
    const certificateAuthority = join(folder.path, 'ca.pem');
    await writeFile(certificateAuthority, cert);
    const trusting = connectPilot({ url, certificateAuthority, token: 'secret' });
    const doubting = connectPilot({ url, source: '--pilot' });
    opened.unshift(trusting, doubting);
    const { body } = await trusting.ask({ path: '/' });
    assert.deepEqual(body, { token: 'Bearer secret' });
    await assert.rejects(doubting.ask({ path: '/' }), {
      code: 'E_PILOT_UNREACHABLE',
      message:
        /^no pilot answers at https:.* \(--pilot\) \(self-signed certificate.*--certificate-authority/,
    });
    for (const file of ['missing.pem', 'empty.pem']) {
      if (file === 'empty.pem') await writeFile(join(folder.path, file), 'no certificate');
      const wrong = connectPilot({ url, certificateAuthority: join(folder.path, file) });
      await assert.rejects(wrong.ask({ path: '/' }), { code: 'E_USAGE' }, file);
    }
  });

  it('gives the warnings of an answer, unquoted', async () => {
    const pilot = await connectTo((_request, response) => {
      response.setHeader('warning', ['299 - "unknown field \\"a\\""', '299 - "b, c"']);
      response.end('{}');
    });
    assert.deepEqual((await pilot.ask({ path: '/' })).warnings, ['unknown field "a"', 'b, c']);
  });

  it('says what pilot says when it refuses who asks, and how to name oneself', async () => {
    const message = 'secrets is forbidden: User "viewer" cannot list resource "secrets": no';
    const pilot = await connectTo((request, response) => {
      response.statusCode = request.url === '/nobody' ? 401 : 403;
      response.end(request.url === '/proxy' ? 'no' : JSON.stringify({ kind: 'Status', message }));
    });
    const advice = 'name yourself with --token or CMESH_TOKEN';
    for (const [path, said] of [
      ['/', message],
      ['/nobody', message],
      ['/proxy', 'pilot answers 403'],
    ] as const) {
      const error = { code: 'E_PILOT_DENIED', message: `${said}; ${advice}` };
      await assert.rejects(pilot.ask({ path }), error, path);
    }
  });

  it('takes what is forbidden to everybody for an answer, which no token would change', async () => {
    const body = { message: 'namespaces "default" is forbidden: it may not be deleted' };
    const pilot = await connectTo((_request, response) => {
      response.statusCode = 403;
      response.end(JSON.stringify(body));
    });
    assert.deepEqual(await pilot.ask({ path: '/' }), { status: 403, body, warnings: [] });
  });

  it('says when TLS meets plain HTTP, on either side', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    const secure = await listen(createSecureServer({ key, cert }));
    const plain = await listen(createServer());
    for (const [url, advice] of [
      [`https://127.0.0.1:${plain}`, /\(what listens there speaks no TLS: try http:\/\/\)/],
      [`http://127.0.0.1:${secure}`, /: perhaps it speaks TLS, then write https:\/\/\)/],
    ] as const) {
      const pilot = connectPilot({ url });
      opened.unshift(pilot);
      const error = { code: 'E_PILOT_UNREACHABLE', message: advice };
      await assert.rejects(pilot.ask({ path: '/' }), error, url);
    }
  });

  it('does not take something else for a pilot', async () => {
    const pilot = await connectTo((_request, response) => {
      response.end('<html>It works!</html>');
    });
    await assert.rejects(discoverKinds(pilot), {
      code: 'E_PILOT_STRANGE',
      message: /\/apis is not the configuration API of a mesh$/,
    });
  });

  it('does not wait forever, neither for the head nor for the rest of an answer', async () => {
    const pilot = await connectTo((request, response) => {
      if (request.url === '/half') response.write('{');
    });
    for (const path of ['/none', '/half']) {
      await assert.rejects(pilot.ask({ path, timeout: 50 }), {
        code: 'E_PILOT_UNREACHABLE',
        message: /it took too long/,
      });
    }
  });

  it('gives the lines of a stream as they come, whole', async () => {
    const pilot = await connectTo((_request, response) => {
      response.write('{"a":');
      setImmediate(() => response.end('1}\n{"b":2}\n'));
    });
    const { lines } = await pilot.follow({ path: '/' }, new AbortController().signal);
    const seen: string[] = [];
    for await (const line of lines) seen.push(line);
    assert.deepEqual(seen, ['{"a":1}', '{"b":2}']);
  });
});
