import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { startApiServer, type ApiServer } from '../../test/support/api-server.ts';
import { configObject, virtualServiceObject } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { openDirStore } from '../store/dir-store.ts';
import type { ConfigStore } from '../store/store.ts';
import type { StatusBody } from './api-error.ts';

const collection = '/api/v1/namespaces';

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

function namespaceBody(name: string, labels?: object): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

describe('namespaces over HTTP', () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await startApiServer();
  });
  afterEach(() => server.close());

  const ask: ApiServer['ask'] = (...request) => server.ask(...request);

  async function namesAt(query = ''): Promise<readonly string[]> {
    const { body } = await ask('GET', `${collection}${query}`);
    return (body as unknown as Listed).items.map(({ metadata }) => metadata.name);
  }

  it('are found by their labels, by the one too that nobody wrote', async () => {
    await ask('POST', collection, namespaceBody('shop', { team: 'a' }));
    await server.store.create(virtualServiceObject('a', 'v1', 'used'));
    assert.deepEqual(
      [
        await namesAt(),
        await namesAt('?labelSelector=team%3Da'),
        await namesAt('?labelSelector=kubernetes.io/metadata.name%20in%20(shop,used)'),
        await namesAt('?fieldSelector=metadata.name%3Dused'),
        await namesAt('?limit=1&resourceVersion=0'),
      ],
      [
        ['default', 'istio-system', 'shop', 'used'],
        ['shop'],
        ['shop', 'used'],
        ['used'],
        ['default'],
      ],
    );
  });

  it('keep of a body what a namespace has, and not the label that they have anyway', async () => {
    const { body: shown } = await ask('POST', collection, {
      ...namespaceBody('shop', { 'kubernetes.io/metadata.name': 'other', team: 'a' }),
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Terminating' },
    });
    const stored = server.store.get({ group: '', kind: 'Namespace', namespace: '', name: 'shop' });
    const { metadata, ...rest } = shown as { readonly metadata: { readonly labels: object } };
    assert.deepEqual(
      [metadata.labels, rest, stored?.metadata.labels, Object.keys(stored ?? {}).sort()],
      [
        { team: 'a', 'kubernetes.io/metadata.name': 'shop' },
        { apiVersion: 'v1', kind: 'Namespace', spec: {}, status: { phase: 'Active' } },
        { team: 'a' },
        ['apiVersion', 'kind', 'metadata'],
      ],
    );
    const { body: back } = await ask('PUT', `${collection}/shop`, shown);
    assert.deepEqual(back, shown, 'what is read can be written back, and changes nothing');
  });

  it('are refused where they are not, or cannot be', async () => {
    const vs = '/apis/networking.istio.io/v1/virtualservices';
    const answers = await Promise.all([
      ask('POST', collection, namespaceBody('default')),
      ask('POST', collection, namespaceBody('a.b')),
      ask('POST', collection, { ...namespaceBody('a'), metadata: { name: 'a', namespace: 'b' } }),
      ask('GET', `${collection}/none`),
      ask('GET', `${collection}/default/namespaces`),
      ask('GET', `${vs}/reviews`),
      ask('POST', vs, virtualServiceObject('reviews', 'v1')),
      ask('DELETE', collection),
      ask('DELETE', `${collection}/none`),
      ask('DELETE', `${collection}/istio-system`),
    ]);
    assert.deepEqual(
      answers.map(({ status, body }) => `${status} ${String(body['message'])}`),
      [
        '409 namespaces "default" already exists',
        '422 Namespace "a.b" is invalid: metadata.name: Invalid value: "a.b": must be lower-case letters, digits and -, at most 63',
        '422 Namespace "a" is invalid: metadata.namespace: Forbidden: not allowed on this type',
        '404 namespaces "none" not found',
        '404 the server could not find the requested resource',
        '404 the server could not find the requested resource',
        '404 the server could not find the requested resource',
        '405 the server does not allow this method on the requested resource',
        '404 namespaces "none" not found',
        '403 namespaces "istio-system" is forbidden: this namespace may not be deleted',
      ],
    );
  });

  it('take with them what is in them, routes first', async () => {
    const { store } = server;
    await ask('POST', collection, namespaceBody('shop'));
    await store.create(
      configObject('DestinationRule', 'a', { namespace: 'shop', spec: { host: 'a' } }),
    );
    await store.create(virtualServiceObject('a', 'v1', 'shop'));
    const other = await store.create(virtualServiceObject('a', 'v1'));
    const gone: string[] = [];
    const stop = store.watch(store.list().version, ({ type, object }) => {
      gone.push(`${type} ${object.kind}`);
    });
    const stale = await ask('DELETE', `${collection}/shop`, { preconditions: { uid: 'other' } });
    const trial = await ask('DELETE', `${collection}/shop?dryRun=All`);
    const before = [...gone];
    const done = await ask('DELETE', `${collection}/shop`);
    stop();
    assert.deepEqual(
      [stale.status, trial.status, before, done.status, gone, store.list().items],
      [
        409,
        200,
        [],
        200,
        [
          'MODIFIED Namespace',
          'DELETED VirtualService',
          'DELETED DestinationRule',
          'DELETED Namespace',
        ],
        [other],
      ],
    );
  });

  it('go with what is in them when nobody has written them down', async () => {
    await server.store.create(virtualServiceObject('a', 'v1', 'used'));
    const deleted = await ask('DELETE', `${collection}/used`);
    const after = await ask('GET', `${collection}/used`);
    assert.deepEqual([deleted.status, after.status, server.store.list().items], [200, 404, []]);
  });

  it('warn of a namespace that was not there, once', async () => {
    await ask('POST', collection, namespaceBody('shop'));
    const path = (namespace: string): string =>
      `/apis/networking.istio.io/v1/namespaces/${namespace}/virtualservices`;
    const body = (name: string): object => ({
      ...virtualServiceObject(name, 'v1'),
      metadata: { name },
    });
    const applied = '/a?fieldManager=me';
    const warnings = [
      (await ask('POST', path('shop'), body('a'))).warning,
      (await ask('POST', path('shpo'), body('a'))).warning,
      (await ask('POST', path('shpo'), body('b'))).warning,
      (await ask('PATCH', `${path('files')}${applied}`, body('a'), 'application/apply-patch+yaml'))
        .warning,
    ];
    assert.deepEqual(warnings, [
      undefined,
      '299 - "metadata.namespace: the namespace \\"shpo\\" is new (did you mean \\"shop\\"?): it is there as long as something is in it, and stays if it is created"',
      undefined,
      '299 - "metadata.namespace: the namespace \\"files\\" is new: it is there as long as something is in it, and stays if it is created"',
    ]);
  });
});

describe('a namespace with a file that is broken', () => {
  it('stays, and its deletion says which file', async () => {
    const folder = await makeTemporaryFolder();
    const store: ConfigStore = await openDirStore({
      path: folder.path,
      clock: systemClock,
      log: createLog('test', 'silent'),
    });
    const server = await startApiServer({ store });
    await store.create(virtualServiceObject('a', 'v1', 'shop'));
    await writeFile(join(folder.path, 'shop/virtualservice-a.yaml'), 'kind: [');
    const { statusCode, payload } = await server.inject({
      method: 'DELETE',
      url: `${collection}/shop`,
    });
    const left = store.list().items.length;
    await server.close();
    await store.close();
    await folder.remove();
    const { message } = JSON.parse(payload) as StatusBody;
    assert.deepEqual(
      [statusCode, message, left],
      [
        409,
        'Operation cannot be fulfilled on namespaces "shop": VirtualService shop/a, which is in it, cannot be deleted: shop/virtualservice-a.yaml has mistakes and is not overwritten; correct or remove it first',
        1,
      ],
    );
  });
});
