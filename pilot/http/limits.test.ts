import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectSecurely } from 'node:tls';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { makeCertificate } from '../../test/support/certificates.ts';
import { readLines } from '../../test/support/lines.ts';
import { defaultLimits } from './limits.ts';

const collection = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';

interface Seen {
  readonly status: string;
  readonly kind: unknown;
  readonly reason: unknown;
}

/** Reads an answer of HTTP as it came: what cannot be read as a request is answered too. */
function readAnswer(answer: string): Seen {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const { kind, reason } = JSON.parse(body) as { readonly kind: unknown; readonly reason: unknown };
  return { status: head.split(' ')[1] ?? '', kind, reason };
}

/** What the server says to these bytes, once it closes the connection. */
async function send(server: ApiServer, bytes: string): Promise<Seen> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(bytes);
  return readAnswer(await text(socket));
}

describe('the limits of the HTTP server', () => {
  let server: ApiServer;
  afterEach(() => server.close());

  it('are answered with a Status, whatever cannot be read', async () => {
    server = await startApiServer();
    const head = `POST ${collection} HTTP/1.1\r\nhost: localhost\r\n`;
    const long = 'x'.repeat(20_000);
    const answers = await Promise.all([
      send(server, `${head}x-long: ${long}\r\n\r\n`),
      send(server, `GET /${long} HTTP/1.1\r\nhost: localhost\r\n\r\n`),
      send(server, 'no request\r\n\r\n'),
      send(server, `${head}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n`),
      send(
        server,
        `${head}content-type: application/json\r\nconnection: close\r\ncontent-length: 9999999\r\n\r\n{`,
      ),
      send(server, `GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`),
      send(
        server,
        `GET ${collection}/${'x'.repeat(400)} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
      ),
    ]);
    assert.deepEqual(
      answers.map(({ status, kind, reason }) => [status, kind, reason]),
      [
        ['431', 'Status', 'RequestHeaderFieldsTooLarge'],
        ['431', 'Status', 'RequestHeaderFieldsTooLarge'],
        ['400', 'Status', 'BadRequest'],
        ['400', 'Status', 'BadRequest'],
        ['413', 'Status', 'RequestEntityTooLarge'],
        ['400', 'Status', 'BadRequest'],
        ['414', 'Status', 'RequestURITooLong'],
      ],
    );
  });

  it('end requests that do not come, in plain and over TLS', async () => {
    const limits = { ...defaultLimits, headersTime: 40, requestTime: 60, checkTime: 20 };
    server = await startApiServer({ limits });
    const { url } = await server.listenSecurely(
      { host: '127.0.0.1', port: 0 },
      await makeCertificate(),
    );
    const head = `POST ${collection} HTTP/1.1\r\nhost: localhost\r\n`;
    const slowBody = `${head}content-type: application/json\r\ncontent-length: 5\r\n\r\n{`;
    const socket = connectSecurely({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    socket.write(head);
    const answers = await Promise.all([
      send(server, head),
      send(server, slowBody),
      text(socket).then(readAnswer),
    ]);
    assert.deepEqual(
      answers,
      Array.from({ length: 3 }, () => ({ status: '408', kind: 'Status', reason: 'Timeout' })),
    );
  });

  it('refuse watches beyond a number, until one ends', async () => {
    server = await startApiServer({ limits: { ...defaultLimits, watchesOfOne: 2 } });
    const watch = (): Promise<Response> => fetch(`${server.url}${collection}?watch=true`);
    const open = [await watch(), await watch()];
    const refused = await watch();
    const { reason } = (await refused.json()) as { readonly reason: string };
    const lists = await fetch(`${server.url}${collection}`);
    await lists.arrayBuffer();
    assert.deepEqual(
      [
        open.map(({ status }) => status),
        refused.status,
        reason,
        refused.headers.get('retry-after'),
        lists.status,
      ],
      [[200, 200], 429, 'TooManyRequests', '5', 200],
    );
    await readLines(open[0]!).cancel();
    // The server hears of the end a little later.
    for (let next = await watch(); next.status !== 200; next = await watch()) {
      await next.arrayBuffer();
    }
  });

  it('end bodies that are nested deeply or reach for a prototype', async () => {
    server = await startApiServer();
    const post = async (body: string): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${server.url}${collection}`, { method: 'POST', headers, body })).status;
    };
    const statuses = [
      await post('['.repeat(1_000_000) + ']'.repeat(1_000_000)),
      await post('{"a":'.repeat(200_000) + '1' + '}'.repeat(200_000)),
      await post('{"spec":{"__proto__":{"polluted":1}}}'),
      await post('{"spec":[{"\\u005f_proto__":1}]}'),
    ];
    assert.deepEqual(
      [statuses, ({} as { readonly polluted?: unknown }).polluted],
      [[400, 400, 400, 400], undefined],
    );
  });
});
