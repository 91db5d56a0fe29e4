import assert from 'node:assert/strict';
import {
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  V1Namespace,
  V1Secret,
  makeInformer,
  type KubernetesObject,
} from '@kubernetes/client-node';
import { startApiServer, type ApiServer } from '../support/api-server.ts';
import { virtualServiceObject } from '../support/config-objects.ts';
import { until } from '../support/until.ts';

const place = {
  group: 'networking.istio.io',
  version: 'v1',
  namespace: 'default',
  plural: 'virtualservices',
};

interface Listed {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly _continue?: string;
    readonly continue?: string;
  };
  readonly items: readonly KubernetesObject[];
}

type Named = KubernetesObject & { readonly spec?: object };

function codeOf(error: unknown): number {
  return (error as { readonly code: number }).code;
}

/** Both sides of the client are loosely typed: what goes in and what comes out are objects. */
function bodyOf(object: object, metadata: unknown): object {
  return { ...object, metadata };
}

describe('@kubernetes/client-node', () => {
  let server: ApiServer;
  let config: KubeConfig;
  beforeEach(async () => {
    server = await startApiServer();
    config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'mesh', server: server.url, skipTLSVerify: true },
      { name: 'me' },
    );
  });
  afterEach(() => server.close());

  it('creates, reads, replaces, patches, lists and deletes', async () => {
    const api = config.makeApiClient(CustomObjectsApi);
    const one = { ...place, name: 'reviews' };
    const created = (await api.createNamespacedCustomObject({
      ...place,
      body: virtualServiceObject('reviews', 'v1'),
    })) as Named;
    const replaced = (await api.replaceNamespacedCustomObject({
      ...one,
      body: bodyOf(virtualServiceObject('reviews', 'v2'), created.metadata),
    })) as Named;
    const stale: unknown = await api
      .replaceNamespacedCustomObject({
        ...one,
        body: bodyOf(virtualServiceObject('reviews', 'v3'), created.metadata),
      })
      .catch(codeOf);
    const listed = (await api.listNamespacedCustomObject(place)) as Listed;
    await api.deleteNamespacedCustomObject(one);
    const gone: unknown = await api.getNamespacedCustomObject(one).catch(codeOf);
    assert.deepEqual(
      [
        created.metadata?.generation,
        replaced.metadata?.generation,
        stale,
        listed.items.length,
        gone,
      ],
      [1, 2, 409, 1, 404],
    );
  });

  it('applies from the server side, and is told of conflicts', async () => {
    const api = KubernetesObjectApi.makeApiClient(config);
    const apply = (subset: string, manager: string, force?: boolean): Promise<Named> =>
      api.patch(
        virtualServiceObject('reviews', subset) as unknown as Named,
        undefined,
        undefined,
        manager,
        force,
        PatchStrategy.ServerSideApply,
      );
    await apply('v1', 'one');
    const refused = await apply('v2', 'two').catch(codeOf);
    const forced = await apply('v2', 'two', true);
    const managers = forced.metadata?.managedFields?.map(({ manager }) => manager);
    assert.deepEqual([refused, managers?.sort()], [409, ['one', 'two']]);
  });

  it('reads lists page by page', async () => {
    for (const name of ['a', 'b', 'c']) await server.store.create(virtualServiceObject(name, 'v1'));
    const api = config.makeApiClient(CustomObjectsApi);
    const names: (string | undefined)[] = [];
    let token: string | undefined = '';
    while (token !== undefined) {
      const page = (await api.listNamespacedCustomObject({
        ...place,
        limit: 2,
        ...(token === '' ? {} : { _continue: token }),
      })) as Listed;
      names.push(...page.items.map(({ metadata }) => metadata?.name));
      token = page.metadata.continue;
    }
    assert.deepEqual(names, ['a', 'b', 'c']);
  });

  it('keeps Secrets of its own types', async () => {
    const api = config.makeApiClient(CoreV1Api);
    const body: V1Secret = Object.assign(new V1Secret(), {
      metadata: { name: 'pass' },
      stringData: { password: 'secret' },
    });
    const created = await api.createNamespacedSecret({ namespace: 'default', body });
    const { items } = await api.listSecretForAllNamespaces();
    assert.deepEqual([created.data, items.length], [{ password: 'c2VjcmV0' }, 1]);
  });

  it('makes, watches and deletes namespaces', async () => {
    const api = config.makeApiClient(CoreV1Api);
    const informer = makeInformer<V1Namespace>(config, '/api/v1/namespaces', () =>
      api.listNamespace(),
    );
    const seen: string[] = [];
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, ({ metadata }) => seen.push(`${event} ${metadata?.name ?? ''}`));
    }
    informer.on('error', () => undefined);
    await informer.start();
    await until('the watch', () => server.counters().openStreams > 0);
    const metadata = { name: 'shop', labels: { team: 'a' } };
    const body: V1Namespace = Object.assign(new V1Namespace(), { metadata });
    const created = await api.createNamespace({ body });
    const again: unknown = await api.createNamespace({ body }).catch(codeOf);
    await server.store.create(virtualServiceObject('a', 'v1', 'shop'));
    const read = await api.readNamespace({ name: 'shop' });
    Object.assign(read.metadata?.labels ?? {}, { team: 'b' });
    const replaced = await api.replaceNamespace({ name: 'shop', body: read });
    const { items } = await api.listNamespace({ labelSelector: 'team=b' });
    await api.deleteNamespace({ name: 'shop' });
    const lasting: unknown = await api.deleteNamespace({ name: 'default' }).catch(codeOf);
    await until('all changes', () => seen.length === 6);
    await informer.stop();
    assert.deepEqual(
      [created.status?.phase, again, replaced.metadata?.labels, items.length, lasting, seen],
      [
        'Active',
        409,
        { 'kubernetes.io/metadata.name': 'shop', team: 'b' },
        1,
        403,
        // The second update says that it is being deleted.
        [
          'add default',
          'add istio-system',
          'add shop',
          'update shop',
          'update shop',
          'delete shop',
        ],
      ],
    );
    assert.deepEqual(server.store.list().items, []);
  });

  it('keeps an informer up to date, over the end of a watch too', async () => {
    const api = config.makeApiClient(CustomObjectsApi);
    await server.store.create(virtualServiceObject('a', 'v1'));
    const path = `/apis/${place.group}/${place.version}/namespaces/default/${place.plural}`;
    const informer = makeInformer<KubernetesObject>(
      config,
      path,
      async () => (await api.listNamespacedCustomObject(place)) as never,
    );
    const seen: string[] = [];
    for (const event of ['add', 'update', 'delete'] as const) {
      informer.on(event, ({ metadata }) => seen.push(`${event} ${metadata?.name ?? ''}`));
    }
    informer.on('error', () => undefined);
    await informer.start();
    await until('the first object', () => seen.includes('add a'));
    await until('the watch', () => server.counters().openStreams > 0);
    await server.store.replace(virtualServiceObject('a', 'v2'));
    await server.store.create(virtualServiceObject('b', 'v1'));
    await server.store.delete({
      group: place.group,
      kind: 'VirtualService',
      namespace: 'default',
      name: 'b',
    });
    await until('all changes', () => seen.length === 4);
    await informer.stop();
    assert.deepEqual(seen, ['add a', 'update a', 'add b', 'delete b']);
  });
});
