import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay } from '../../kit/lifecycle.ts';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { type TemporaryFolder, makeTemporaryFolder } from '../../test/support/folders.ts';
import { completePatiently } from '../../test/support/shell-fixture.ts';
import { createProgram } from '../program.ts';
import { complete } from './complete.ts';

describe('completion of names from the mesh that runs', () => {
  completePatiently();
  let server: ApiServer;
  let folder: TemporaryFolder;

  const proxy = (name: string, namespace: string, version: string): object => ({
    proxy: `${name}.${namespace}`,
    namespace,
    address: '10.0.0.1',
    labels: { app: name.split('-', 1)[0], version },
  });
  const service = (hostname: string): object => ({
    hostname,
    ports: [{ number: 9080, protocol: 'http' }],
  });

  before(async () => {
    folder = await makeTemporaryFolder();
    const syncz = [
      proxy('reviews-v1', 'default', 'v1'),
      proxy('reviews-v2', 'default', 'v2'),
      proxy('cart-v1', 'default', 'v1'),
      proxy('cart-v1', 'shop', 'v1'),
    ];
    const services = [service('reviews.service.consul'), service('api.example.com')];
    server = await startApiServer({ debug: { syncz: () => syncz, services: () => services } });
  });

  after(async () => {
    await server.close();
    await folder.remove();
  });

  async function values(line: string): Promise<readonly string[]> {
    const words = line.replaceAll('PILOT', `--pilot ${server.url}`).split(' ');
    const { candidates } = await complete(createProgram(), words);
    return candidates.map(({ value }) => value);
  }

  it('offers proxies by the name of their workload where that is enough', async () => {
    assert.deepEqual(
      [
        await values('proxy-status PILOT '),
        await values('ps PILOT -n shop '),
        await values('pc routes PILOT reviews-v1.'),
        await values('proxy-config clusters PILOT reviews/'),
        await values('describe workload PILOT rev'),
        await values('dashboard envoy PILOT reviews-v2'),
        await values('proxy-status PILOT -n '),
        await values('proxy-status PILOT reviews-v1 '),
      ],
      [
        ['cart-v1.default', 'cart-v1.shop', 'reviews-v1', 'reviews-v2'],
        ['cart-v1'],
        ['reviews-v1.default'],
        ['reviews/v1', 'reviews/v2'],
        ['reviews-v1', 'reviews-v2'],
        ['reviews-v2'],
        ['default', 'shop'],
        [],
      ],
    );
  });

  it('offers services by their short names, and by full ones that are begun', async () => {
    assert.deepEqual(
      [
        await values('describe service PILOT '),
        await values('describe svc PILOT reviews.'),
        await values('proxy-config clusters PILOT --fqdn '),
      ],
      [
        ['reviews', 'api.example.com'],
        ['reviews.service.consul'],
        ['reviews.service.consul', 'api.example.com'],
      ],
    );
  });

  it('offers callers: of a mesh file that is named, else of the mesh that runs', async () => {
    const file = join(folder.path, 'mesh.yaml');
    await writeFile(
      file,
      'services: {web: {port: 80, versions: {v1: {command: web}}}, api: {port: 80, command: api}}\n',
    );
    assert.deepEqual(
      [
        await values(`explain --services ${file} --from `),
        await values('explain --services nowhere.yaml --from '),
        await values('explain PILOT --live --from re'),
      ],
      [['web', 'web/v1', 'web-v1', 'api'], [], ['reviews', 'reviews-v1', 'reviews-v2']],
    );
  });

  it('waits for a pilot that is far away, when it is told to', async () => {
    // Longer than anybody waits who has not said so.
    const services = (): Promise<readonly object[]> =>
      delay(700).then(() => [service('reviews.service.consul')]);
    const far = await startApiServer({ debug: { services } });
    const names = await values(`describe service --pilot ${far.url} `);
    await far.close();
    assert.deepEqual(names, ['reviews']);
  });

  it('offers the words that an option knows, and no names where no pilot answers', async () => {
    assert.deepEqual(
      [
        await values('proxy-config clusters --direction '),
        await values('proxy-config log --level d'),
        await values('proxy-status -o w'),
        await values('test --reporter j'),
        await values('proxy-status --pilot http://127.0.0.1:1 '),
        await values('describe service --pilot http://127.0.0.1:1 '),
      ],
      [['inbound', 'outbound'], ['debug'], ['wide'], ['junit', 'json'], [], []],
    );
  });
});
