import assert from 'node:assert/strict';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { type Answer, type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { openStores, storeEngines, type StorePlace } from '../../test/support/store-engines.ts';
import { namespaceKey } from '../api/namespace.ts';
import type { ConfigObject, ObjectKey } from '../api/resource.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { type ConfigStore, StoreError } from '../store/store.ts';
import { finishRemovals, removeNamespace } from './namespace-removal.ts';

const name = 'shop';
const key = namespaceKey(name);
const collection = '/api/v1/namespaces';
const rules = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices';
const clock: Clock = { ...systemClock, now: () => Date.UTC(2030, 0, 2, 3, 4, 5) };
const log = createLog('test', 'silent');

function namespaceObject(labels?: Readonly<Record<string, string>>): ConfigObject {
  const metadata = { name, ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

/** What somebody waits for, and what lets them go on. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** The store with `before` called before each deletion. */
function watchDeletions(
  store: ConfigStore,
  before: (key: ObjectKey) => Promise<void> | undefined,
): ConfigStore {
  return {
    list: (filter) => store.list(filter),
    get: (one) => store.get(one),
    create: (object, options) => store.create(object, options),
    replace: (object, options) => store.replace(object, options),
    delete: async (one, options) => {
      await before(one);
      return store.delete(one, options);
    },
    watch: (from, listener) => store.watch(from, listener),
    resources: store.resources,
    problems: store.problems,
    close: () => store.close(),
  };
}

const refusal = {
  status: 403,
  message:
    'virtualservices.networking.istio.io "late" is forbidden: unable to create new content in namespace shop because it is being terminated',
  reason: 'Forbidden',
  details: {
    name: 'late',
    group: 'networking.istio.io',
    kind: 'virtualservices',
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: 'namespace shop is being terminated',
        field: 'metadata.namespace',
      },
    ],
  },
};

describe('a namespace that is being deleted', () => {
  const memory = createMemoryStore({ clock });
  const reached = gate();
  const released = gate();
  let server: ApiServer;
  let deletion: Promise<Answer>;
  const late = virtualServiceObject('late', 'v1', name);
  before(async () => {
    const store = watchDeletions(memory, (deleted) => {
      if (deleted.name !== 'a') return undefined;
      reached.open();
      return released.passed;
    });
    server = await startApiServer({ store, clock });
    await server.ask('POST', collection, namespaceObject({ team: 'a' }));
    await server.ask('POST', rules, virtualServiceObject('a', 'v1', name));
    await server.ask('POST', rules, virtualServiceObject('b', 'v1', name));
    deletion = server.ask('DELETE', `${collection}/shop`);
    await reached.passed;
  });
  after(async () => {
    released.open();
    await server.close();
  });

  it('is shown as Terminating', async () => {
    const { body } = await server.ask('GET', `${collection}/shop`);
    const table = await server.inject({
      url: `${collection}?fieldSelector=metadata.name%3Dshop`,
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    const { rows } = JSON.parse(table.payload) as {
      readonly rows: readonly { readonly cells: readonly unknown[] }[];
    };
    const { deletionTimestamp } = body['metadata'] as { readonly deletionTimestamp: string };
    assert.deepEqual(
      [deletionTimestamp, body['status'], rows.map(({ cells }) => cells)],
      ['2030-01-02T03:04:05Z', { phase: 'Terminating' }, [['shop', 'Terminating', '0s']]],
    );
  });

  it('takes nothing new, whatever the way and in a dry run too', async () => {
    const apply = 'application/apply-patch+yaml';
    const answers = [
      await server.ask('POST', rules, late),
      await server.ask('POST', `${rules}?dryRun=All`, late),
      await server.ask('PATCH', `${rules}/late?fieldManager=me`, late, apply),
    ];
    assert.deepEqual(
      answers.map(({ status, body: { message, reason, details } }) => ({
        status,
        message,
        reason,
        details,
      })),
      [refusal, refusal, refusal],
    );
    const again = await server.ask('POST', collection, namespaceObject());
    assert.deepEqual(
      [again.status, again.body['message']],
      [409, 'object is being deleted: namespaces "shop" already exists'],
    );
  });

  it('lets what is in it be changed and deleted, and itself be labelled, and goes on going', async () => {
    const merge = 'application/merge-patch+json';
    const metadata = { labels: { team: 'b' }, deletionTimestamp: null };
    const changed = await server.ask('PATCH', `${rules}/b`, { metadata }, merge);
    const labelled = await server.ask('PATCH', `${collection}/shop`, { metadata }, merge);
    const replaced = await server.ask('PUT', `${collection}/shop`, namespaceObject());
    const trial = await server.ask('DELETE', `${rules}/b?dryRun=All`);
    const twice = await server.ask('DELETE', `${collection}/shop?dryRun=All`);
    assert.deepEqual(
      [changed, labelled, replaced, trial, twice].map(({ status, body }) => [
        status,
        (body['metadata'] as { readonly deletionTimestamp?: string }).deletionTimestamp,
      ]),
      [
        [200, undefined],
        [200, '2030-01-02T03:04:05Z'],
        [200, '2030-01-02T03:04:05Z'],
        [200, undefined],
        [200, undefined],
      ],
    );
  });

  it('has gone when the answer comes, and can be made anew', async () => {
    released.open();
    const { status } = await deletion;
    const left = memory.list().items;
    const again = await server.ask('POST', collection, namespaceObject());
    const filled = await server.ask('POST', rules, late);
    assert.deepEqual(
      [status, left, again.status, again.body['status'], filled.status],
      [200, [], 201, { phase: 'Active' }, 201],
    );
  });
});

for (const [engineName, engine] of Object.entries(storeEngines)) {
  describe(`the removal of a namespace from the ${engineName} store`, () => {
    let place: StorePlace;
    let store: ConfigStore;
    let other: ConfigStore;
    openStores(engine, (opened) => {
      ({ place, store } = opened);
    });
    beforeEach(async () => {
      // Pilots that share a folder see each other's writes in their own time; those on one Consul at once.
      other = engineName === 'consul' ? await place.open() : store;
    });

    it('leaves nothing of what others write into it all the while', async () => {
      await store.create(virtualServiceObject('first', 'v1', name));
      const refused = gate();
      const held = watchDeletions(store, ({ kind }) =>
        kind === 'Namespace' ? refused.passed : undefined,
      );
      const removal = removeNamespace({ store: held, name, now: clock.now() });
      const codes = await Promise.all([0, 1].map((lane) => writeUntilRefused(other, lane)));
      refused.open();
      await removal;
      assert.deepEqual(
        [codes, store.list().items, store.get(key)],
        [['E_TERMINATING', 'E_TERMINATING'], [], undefined],
      );
    });

    it('that fails leaves it as it was', async () => {
      await store.create(virtualServiceObject('a', 'v1', name));
      const broken = watchDeletions(store, ({ kind }) =>
        kind === 'VirtualService'
          ? Promise.reject(new StoreError('E_FILE_BROKEN', 'has mistakes'))
          : undefined,
      );
      const removal = { store: broken, name, now: clock.now() };
      const message = 'VirtualService shop/a, which is in it, cannot be deleted: has mistakes';
      const implied = store.get(key);
      await assert.rejects(removeNamespace(removal), { message });
      const impliedAfter = store.get(key);
      const writtenDown = store.list().items.map(({ kind }) => kind);
      await store.create(namespaceObject({ team: 'a' }));
      await assert.rejects(removeNamespace(removal), { message });
      const { labels, deletionTimestamp } = store.get(key)?.metadata ?? {};
      assert.deepEqual(
        [impliedAfter?.metadata.uid, impliedAfter?.metadata.deletionTimestamp, writtenDown],
        [implied?.metadata.uid, undefined, ['VirtualService']],
      );
      assert.deepEqual([labels, deletionTimestamp], [{ team: 'a' }, undefined]);
      await store.create(virtualServiceObject('b', 'v1', name));
    });

    it('does not touch what somebody makes anew under the name', async () => {
      await store.create(virtualServiceObject('a', 'v1', name));
      const reached = gate();
      const released = gate();
      const slow = watchDeletions(store, () => {
        reached.open();
        return released.passed;
      });
      const late = removeNamespace({ store: slow, name, now: clock.now() });
      await reached.passed;
      await removeNamespace({ store, name, now: clock.now() });
      const anew = [
        await store.create(namespaceObject()),
        await store.create(virtualServiceObject('a', 'v1', name)),
      ];
      released.open();
      await late;
      const uids = (objects: readonly ConfigObject[]): unknown =>
        objects.map(({ metadata }) => metadata.uid);
      assert.deepEqual(uids(store.list().items), uids(anew));
    });

    if (!engine.isShared) return;

    it('that a pilot did not finish is finished by the next one', async () => {
      await store.create(namespaceObject({ team: 'a' }));
      await store.create(virtualServiceObject('a', 'v1', name));
      const reached = gate();
      const dying = watchDeletions(store, () => {
        reached.open();
        return new Promise(() => undefined);
      });
      void removeNamespace({ store: dying, name, now: clock.now() });
      await reached.passed;
      const next = await place.open();
      const between = next.get(key)?.metadata;
      const refused = await codeOf(next.create(virtualServiceObject('b', 'v1', name)));
      await finishRemovals(next, { clock, log });
      const left = [next.list().items, next.get(key)];
      assert.deepEqual(
        [between?.deletionTimestamp, between?.labels, refused, left],
        ['2030-01-02T03:04:05Z', { team: 'a' }, 'E_TERMINATING', [[], undefined]],
      );
    });
  });
}

/** Returns the code of the refusal; undefined when a hundred writes have been taken. */
async function writeUntilRefused(store: ConfigStore, lane: number): Promise<string | undefined> {
  for (let turn = 1; turn <= 100; turn += 1) {
    const code = await codeOf(
      store.create(virtualServiceObject(`lane-${lane}-${turn}`, 'v1', name)),
    );
    if (code !== undefined) return code;
  }
  return undefined;
}

/** Why a write was refused; undefined when it was not. */
async function codeOf(write: Promise<ConfigObject>): Promise<string | undefined> {
  try {
    await write;
    return undefined;
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}
