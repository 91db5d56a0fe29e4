import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { configObject, virtualServiceObject } from '../../test/support/config-objects.ts';
import { takesGzip } from './compression.ts';

const rules = '/apis/networking.istio.io/v1/virtualservices';
const entries = '/apis/networking.istio.io/v1/serviceentries';
const schemas = '/openapi/v3/apis/networking.istio.io/v1';

interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Bytes as they come: fetch would unpack them. */
async function receive(url: string, headers: Headers = {}, method = 'GET'): Promise<Received> {
  const request = get(url, { headers, method, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const bytes = Buffer.concat(await response.toArray());
  return { status: response.statusCode ?? 0, headers: response.headers, bytes };
}

type Headers = Readonly<Record<string, string>>;

const gzip = { 'accept-encoding': 'gzip' };

describe('compression', () => {
  let server: ApiServer;
  before(async () => {
    server = await startApiServer();
    await server.store.create(virtualServiceObject('small', 'v1'));
    const addresses = Array.from(
      { length: 12_000 },
      (_, index) => `10.0.${index >> 8}.${index & 255}`,
    );
    const spec = { hosts: ['a.example'], addresses };
    await server.store.create(configObject('ServiceEntry', 'large', { spec }));
  });
  after(() => server.close());

  it('is for lists from 128 KiB on, for those who take it, and changes nothing in them', async () => {
    const plain = await receive(server.url + entries);
    const packed = await receive(server.url + entries, gzip);
    const small = await receive(server.url + rules, gzip);
    const refused = await receive(server.url + entries, { 'accept-encoding': 'gzip;q=0, *' });
    const formOf = ({ headers }: Received): unknown => [
      headers['content-encoding'],
      headers.vary,
      headers['content-type'],
    ];
    const json = 'application/json; charset=utf-8';
    assert.deepEqual([plain, packed, small, refused].map(formOf), [
      [undefined, 'Accept-Encoding', json],
      ['gzip', 'Accept-Encoding', json],
      [undefined, undefined, json],
      [undefined, 'Accept-Encoding', json],
    ]);
    assert.deepEqual(
      [gunzipSync(packed.bytes).equals(plain.bytes), packed.headers['content-length']],
      [true, String(packed.bytes.length)],
    );
    assert.ok(plain.bytes.length > 128 * 1024 && packed.bytes.length < plain.bytes.length / 3);
  });

  it('answers HEAD with the headers of GET', async () => {
    for (const path of [entries, schemas, '/apis']) {
      const { headers } = await receive(server.url + path, gzip);
      const head = await receive(server.url + path, gzip, 'HEAD');
      const kept = ['content-encoding', 'content-length', 'content-type', 'vary', 'etag'];
      assert.deepEqual(
        [path, kept.map((name) => head.headers[name]), head.bytes.length],
        [path, kept.map((name) => headers[name]), 0],
      );
    }
  });

  it('leaves watches alone', async () => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const request = get(`${server.url}${entries}?${query}`, { headers: gzip, agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const [first] = (await once(response, 'data')) as [Buffer];
    request.destroy();
    assert.deepEqual(
      [response.headers['content-encoding'], first.toString().slice(0, 15)],
      [undefined, '{"type":"ADDED"'],
    );
  });

  for (const path of [schemas, '/openapi/v3', '/api', '/apis', '/api/v1']) {
    it(`gives each form of ${path} an entity tag of its own, and 304 for that`, async () => {
      const url = server.url + path;
      const plain = await receive(url);
      const packed = await receive(url, gzip);
      const body =
        packed.headers['content-encoding'] === 'gzip' ? gunzipSync(packed.bytes) : packed.bytes;
      const tags = [plain, packed].map(({ headers }) => headers.etag ?? '');
      const [plainTag = '', packedTag = ''] = tags;
      const again = await Promise.all([
        receive(url, { ...gzip, 'if-none-match': `"other", W/${packedTag}` }),
        receive(url, { 'if-none-match': plainTag }),
        receive(url, { ...gzip, 'if-none-match': '"other"' }),
      ]);
      assert.deepEqual(
        [body.equals(plain.bytes), packed.headers.vary?.includes('Accept-Encoding')],
        [true, true],
      );
      assert.deepEqual(
        again.map(({ status, headers, bytes }) => [status, headers.etag, bytes.length]),
        [
          [304, packedTag, 0],
          [304, plainTag, 0],
          [200, packedTag, packed.bytes.length],
        ],
      );
      const isShorter = packed.bytes.length < plain.bytes.length;
      assert.equal(plainTag !== packedTag, isShorter);
    });
  }

  it('knows who takes gzip', () => {
    const headers = {
      gzip: true,
      'deflate, GZIP;q=0.5, br': true,
      'x-gzip': true,
      '*': true,
      'gzip;q=0': false,
      'gzip; q=0.0, *': false,
      'br, *;q=0': false,
      identity: false,
      '': false,
      'gzip;q=nonsense': false,
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(headers).map((header) => [header, takesGzip(header)])),
      headers,
    );
  });
});
