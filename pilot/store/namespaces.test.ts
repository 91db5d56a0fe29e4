import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { createLog } from '../../kit/log.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { makeTemporaryFolder } from '../../test/support/folders.ts';
import { openStores, storeEngines, type StorePlace } from '../../test/support/store-engines.ts';
import { keyOf } from '../api/kinds.ts';
import { namespaceKey } from '../api/namespace.ts';
import type { ConfigObject } from '../api/resource.ts';
import { openDirStore } from './dir-store.ts';
import type { ConfigStore } from './store.ts';

const shop = namespaceKey('shop');
const inShop = virtualServiceObject('a', 'v1', 'shop');
const alsoInShop = virtualServiceObject('b', 'v1', 'shop');

function namespaceObject(labels: Readonly<Record<string, string>> = {}): ConfigObject {
  const metadata = { name: 'shop', ...(Object.keys(labels).length === 0 ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

function namesOf(store: ConfigStore): readonly string[] {
  return store.list({ group: '', kind: 'Namespace' }).items.map(({ metadata }) => metadata.name);
}

/** From now on, what happens to namespaces. */
function follow(store: ConfigStore): readonly string[] {
  const seen: string[] = [];
  store.watch(store.list().version, ({ type, object, previous }) => {
    if (object.kind !== 'Namespace') return;
    const labels = [previous, object].map((state) => JSON.stringify(state?.metadata.labels ?? {}));
    seen.push(`${type} ${object.metadata.name} ${labels.join(' ')}`);
  });
  return seen;
}

for (const [name, engine] of Object.entries(storeEngines)) {
  describe(`namespaces in the ${name} store`, () => {
    let place: StorePlace;
    let store: ConfigStore;
    openStores(engine, (opened) => {
      ({ place, store } = opened);
    });

    it('are there as long as something is in them, and two are always there', async () => {
      const seen = follow(store);
      const first = await store.create(inShop);
      await store.create(alsoInShop);
      const during = namesOf(store);
      const implied = store.get(shop);
      await store.delete(keyOf(inShop));
      await store.delete(keyOf(alsoInShop));
      assert.deepEqual(
        [during, namesOf(store), store.get(shop), seen],
        [
          ['default', 'istio-system', 'shop'],
          ['default', 'istio-system'],
          undefined,
          ['ADDED shop {} {}', 'DELETED shop {} {}'],
        ],
      );
      assert.equal(implied?.metadata.creationTimestamp, first.metadata.creationTimestamp);
      assert.deepEqual(store.list().items, [], 'what nobody wrote is in no list of everything');
    });

    it('stay when somebody writes them down, as the ones that they were', async () => {
      await store.create(inShop);
      const implied = store.get(shop);
      const seen = follow(store);
      const created = await store.create(namespaceObject({ team: 'a' }));
      await assert.rejects(store.create(namespaceObject()), { code: 'E_EXISTS' });
      await store.delete(keyOf(inShop));
      assert.deepEqual(
        [created.metadata.uid, created.metadata.creationTimestamp, created.metadata.labels],
        [implied?.metadata.uid, implied?.metadata.creationTimestamp, { team: 'a' }],
      );
      assert.deepEqual([store.get(shop), seen], [created, ['MODIFIED shop {} {"team":"a"}']]);
    });

    it('are replaced as other objects are, and nothing is written that is so anyway', async () => {
      await store.create(inShop);
      const implied = store.get(shop);
      const seen = follow(store);
      const same = await store.replace(namespaceObject());
      const { resourceVersion = '' } = same.metadata;
      const changed = { ...namespaceObject({ team: 'b' }) };
      const metadata = { ...changed.metadata, resourceVersion };
      const written = await store.replace({ ...changed, metadata });
      await assert.rejects(store.replace({ ...changed, metadata }), { code: 'E_CONFLICT' });
      assert.deepEqual(
        [same, written.metadata.labels, seen],
        [implied, { team: 'b' }, ['MODIFIED shop {} {"team":"b"}']],
      );
    });

    it('lose what was written down, and stay while something is in them', async () => {
      await store.create(namespaceObject({ team: 'a' }));
      await store.create(inShop);
      const seen = follow(store);
      await store.delete(shop);
      const left = store.get(shop);
      await assert.rejects(store.delete(shop), { code: 'E_NOT_FOUND' });
      await store.delete(keyOf(inShop));
      assert.deepEqual(
        [left?.metadata.labels, namesOf(store), seen],
        [
          undefined,
          ['default', 'istio-system'],
          ['DELETED shop {"team":"a"} {"team":"a"}', 'ADDED shop {} {}', 'DELETED shop {} {}'],
        ],
      );
    });

    it('lets a watcher of namespaces, or of what is in them, go on behind what it saw', async () => {
      const versions: Record<string, string> = {};
      const stop = store.watch(store.list().version, ({ object }) => {
        versions[object.kind] = object.metadata.resourceVersion ?? '';
      });
      await store.create(inShop);
      stop();
      const missed = Object.values(versions).map((version) => {
        const events: string[] = [];
        store.watch(version, ({ object }) => events.push(object.kind))();
        return events;
      });
      assert.deepEqual(
        [Object.keys(versions).sort(), missed],
        [
          ['Namespace', 'VirtualService'],
          [[], []],
        ],
      );
    });

    if (!engine.isShared) return;

    it('are the same after a restart', async () => {
      await store.create(namespaceObject({ team: 'a' }));
      await store.create(virtualServiceObject('a', 'v1', 'files'));
      const identities = (one: ConfigStore): unknown =>
        one
          .list({ group: '', kind: 'Namespace' })
          .items.map(({ metadata: { name, uid, labels } }) => [name, uid, labels]);
      const before = identities(store);
      await store.close();
      store = await place.open();
      assert.deepEqual(identities(store), before);
      assert.equal(namesOf(store).length, 4);
    });
  });
}

describe('a namespace in a folder', () => {
  it('is a file that people can read, beside what is in it', async () => {
    const folder = await makeTemporaryFolder();
    const log = createLog('test', 'silent');
    const store = await openDirStore({ path: folder.path, clock: systemClock, log });
    const created = await store.create(namespaceObject({ team: 'a' }));
    const file = join(folder.path, 'shop/namespace.yaml');
    const text = await readFile(file, 'utf8');
    await store.replace(namespaceObject({ team: 'b' }));
    const changed = await readFile(file, 'utf8');
    await store.close();
    await folder.remove();
    assert.equal(
      text,
      `apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    team: a
  creationTimestamp: ${created.metadata.creationTimestamp ?? ''}
`,
    );
    assert.equal(changed, text.replace('team: a', 'team: b'));
  });
});
