import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { configObject, virtualServiceObject } from '../../test/support/config-objects.ts';
import {
  openStores,
  storeEngines,
  type OpenStore,
  type StorePlace,
} from '../../test/support/store-engines.ts';
import { untilValue } from '../../test/support/until-value.ts';
import { keyOf } from '../api/kinds.ts';
import type { ConfigObject } from '../api/resource.ts';
import { uidOf } from './stamp.ts';
import type { ConfigStore, StoreError, StoreEvent } from './store.ts';

const v1 = virtualServiceObject('reviews', 'v1');
const v2 = virtualServiceObject('reviews', 'v2');

function versionOf(object: ConfigObject): number {
  return Number(object.metadata.resourceVersion);
}

function withMetadata(object: ConfigObject, metadata: object): ConfigObject {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

for (const [name, engine] of Object.entries(storeEngines)) {
  describe(`the ${name} store`, () => {
    let place: StorePlace;
    let store: ConfigStore;
    openStores(engine, (opened) => {
      ({ place, store } = opened);
    });

    it('gives a new object its identity, and the same one wherever it is created', async () => {
      const created = await store.create(v1);
      const { uid, generation, creationTimestamp = '' } = created.metadata;
      assert.deepEqual(
        [uid, generation, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(creationTimestamp)],
        [uidOf(keyOf(v1), creationTimestamp), 1, true],
      );
      assert.deepEqual(store.get(keyOf(v1)), created);
      await assert.rejects(store.create(v2), { code: 'E_EXISTS' });
    });

    it('replaces an object and counts its versions and generations', async () => {
      const first = await store.create(v1);
      const second = await store.replace(v2);
      const labelled = await store.replace(withMetadata(v2, { labels: { app: 'a' } }));
      assert.deepEqual(
        [first, second, labelled].map(({ metadata }) => metadata.generation),
        [1, 2, 2],
      );
      assert.ok(versionOf(first) < versionOf(second) && versionOf(second) < versionOf(labelled));
      assert.equal(second.metadata.uid, first.metadata.uid);
      assert.equal(second.metadata.creationTimestamp, first.metadata.creationTimestamp);
      await assert.rejects(store.replace(virtualServiceObject('ratings', 'v1')), {
        code: 'E_NOT_FOUND',
      });
    });

    it('keeps who owns the fields until it is told otherwise', async () => {
      const entry = {
        manager: 'a',
        operation: 'Apply',
        apiVersion: v1.apiVersion,
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:hosts': {} } },
      };
      const created = await store.create(withMetadata(v1, { managedFields: [entry] }));
      const kept = await store.replace(v2);
      const other = { ...entry, manager: 'b' };
      const changed = await store.replace(withMetadata(v2, { managedFields: [other] }));
      const cleared = await store.replace(withMetadata(v2, { managedFields: [] }));
      assert.deepEqual(
        [created, kept, changed, cleared].map(({ metadata }) => metadata.managedFields),
        [[entry], [entry], [other], []],
      );
      assert.deepEqual(
        [versionOf(kept) < versionOf(changed), changed.metadata.generation],
        [true, 2],
      );
    });

    it('does not count a write that changes nothing', async () => {
      const created = await store.create(v1);
      const events: StoreEvent[] = [];
      store.watch(store.list().version, (event) => events.push(event));
      const resources = store.resources.current();
      const again = await store.replace({ ...v1, apiVersion: 'networking.istio.io/v1alpha3' });
      assert.deepEqual([again, events], [created, []]);
      assert.equal(store.resources.current(), resources);
    });

    it('refuses a write to a version that is no longer there', async () => {
      const { metadata } = await store.create(v1);
      const { resourceVersion = '' } = metadata;
      await store.replace(withMetadata(v2, { resourceVersion }));
      await assert.rejects(store.replace(withMetadata(v1, { resourceVersion })), {
        code: 'E_CONFLICT',
      });
      await assert.rejects(store.delete(keyOf(v1), { resourceVersion }), { code: 'E_CONFLICT' });
      await assert.rejects(store.delete(keyOf(v1), { uid: 'other' }), { code: 'E_CONFLICT' });
      assert.deepEqual(store.get(keyOf(v1))?.spec, v2.spec);
    });

    it('lets one of two writers to the same version through', async () => {
      const { metadata } = await store.create(v1);
      const { resourceVersion = '' } = metadata;
      const writes = ['v2', 'v3'].map((subset) =>
        store.replace(withMetadata(virtualServiceObject('reviews', subset), { resourceVersion })),
      );
      const results = await Promise.allSettled(writes);
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    });

    it('deletes an object and returns its last state', async () => {
      const created = await store.create(v1);
      assert.deepEqual(await store.delete(keyOf(v1)), created);
      assert.equal(store.get(keyOf(v1)), undefined);
      await assert.rejects(store.delete(keyOf(v1)), { code: 'E_NOT_FOUND' });
    });

    it('writes nothing in a dry run', async () => {
      const created = await store.create(v1);
      const other = virtualServiceObject('ratings', 'v1');
      const planned = await store.create(other, { dryRun: true });
      const replaced = await store.replace(v2, { dryRun: true });
      const removed = await store.delete(keyOf(v1), { dryRun: true });
      assert.equal(planned.metadata.resourceVersion, undefined);
      assert.deepEqual(
        [replaced.metadata.generation, replaced.metadata.resourceVersion, replaced.spec],
        [2, created.metadata.resourceVersion, v2.spec],
      );
      assert.deepEqual([removed, store.list().items], [created, [created]]);
    });

    it('lists by kind and namespace, sorted', async () => {
      const rule = configObject('DestinationRule', 'reviews', { spec: { host: 'reviews' } });
      const objects = [v1, virtualServiceObject('details', 'v1', 'b'), rule];
      for (const object of [...objects, virtualServiceObject('details', 'v1', 'b-2')]) {
        await store.create(object);
      }
      const names = (list: readonly ConfigObject[]): readonly string[] =>
        list.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
      const virtual = { group: 'networking.istio.io', kind: 'VirtualService' };
      assert.deepEqual(
        [
          names(store.list().items),
          names(store.list(virtual).items).length,
          names(store.list({ ...virtual, namespace: 'b' }).items),
          names(store.list({ group: 'other' }).items),
        ],
        [
          [
            'DestinationRule default/reviews',
            'VirtualService b/details',
            'VirtualService b-2/details',
            'VirtualService default/reviews',
          ],
          3,
          ['VirtualService b/details'],
          [],
        ],
      );
      assert.deepEqual(
        store.resources.current()?.map(({ metadata }) => metadata),
        store.list().items.map(({ metadata }) => metadata),
      );
    });

    it('keeps unchanged objects the same values for the pipeline', async () => {
      await store.create(v1);
      await store.create(virtualServiceObject('details', 'v1'));
      const [details, reviews] = store.resources.current() ?? [];
      await store.replace(v2);
      const [detailsAfter, reviewsAfter] = store.resources.current() ?? [];
      assert.deepEqual([details === detailsAfter, reviews === reviewsAfter], [true, false]);
    });

    it('tells watchers what happened since a version, and what happens', async () => {
      const empty = store.list().version;
      await store.create(v1);
      const seen: string[] = [];
      const stop = store.watch(empty, ({ type, object, previous }) => {
        seen.push([type, object.metadata.name, previous?.metadata.generation ?? '-'].join(' '));
      });
      await store.replace(v2);
      const gone = store.list().version;
      await store.delete(keyOf(v1));
      stop();
      await store.create(v1);
      assert.deepEqual(seen, ['ADDED reviews -', 'MODIFIED reviews 1', 'DELETED reviews 2']);
      assert.ok(Number(store.list().version) > Number(gone));
    });

    it('sends watchers that are too far behind back to a list', async () => {
      const empty = store.list().version;
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        await store.create(virtualServiceObject(name, 'v1'));
      }
      const ignore = (): void => undefined;
      assert.throws(() => store.watch(empty, ignore), { code: 'E_EXPIRED' });
      assert.throws(() => store.watch('1', ignore), { code: 'E_EXPIRED' });
      assert.throws(() => store.watch('soon', ignore), { code: 'E_EXPIRED' });
      store.watch(store.list().version, ignore)();
    });

    it('goes on with a watch behind the event that was seen last', async () => {
      const seen: StoreEvent[] = [];
      const empty = store.list().version;
      const stop = store.watch(empty, (event) => seen.push(event));
      await store.create(v1);
      await store.replace(v2);
      stop();
      await store.delete(keyOf(v1));
      await store.create(v1);
      const again: StoreEvent[] = [];
      store.watch(seen.at(-1)?.object.metadata.resourceVersion ?? '', (event) =>
        again.push(event),
      )();
      const types = [...seen, ...again].map(({ type }) => type);
      assert.deepEqual(types, ['ADDED', 'MODIFIED', 'DELETED', 'ADDED']);
      const versions = [...seen, ...again].map(({ object }) => versionOf(object));
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((left, right) => left - right),
      );
    });

    it('does not begin a watch at a version that it has not reached', () => {
      const future = String(Number(store.list().version) + 1000);
      assert.throws(() => store.watch(future, () => undefined), { code: 'E_EXPIRED' });
    });

    it('takes an object that is created anew for another one', async () => {
      const first = await store.create(v1);
      await store.delete(keyOf(v1));
      const second = await store.create(v1);
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      assert.equal(second.metadata.generation, 1);
      await assert.rejects(store.delete(keyOf(v1), { uid: first.metadata.uid ?? '' }), {
        code: 'E_CONFLICT',
      });
    });

    it('keeps every text as it is', async () => {
      const texts = [
        'Grüße',
        '日本語',
        '🚀 \u{1F469}\u200D\u{1F680}',
        'a: b # c',
        '"\\n\t',
        '~',
        '\u2028',
        ' x ',
      ];
      const annotations = Object.fromEntries(texts.map((text, index) => [`t${index}`, text]));
      await store.create(withMetadata(v1, { annotations }));
      assert.deepEqual(store.get(keyOf(v1))?.metadata.annotations, annotations);
      await store.replace(withMetadata(v2, { annotations }));
      assert.deepEqual(store.get(keyOf(v1))?.metadata.annotations, annotations);
    });

    it('leaves everything as it was when it refuses a write', async () => {
      const created = await store.create(v1);
      const events: StoreEvent[] = [];
      store.watch(store.list().version, (event) => events.push(event));
      const before = [store.list(), store.resources.current(), store.problems.current()];
      const stale = { resourceVersion: '1' };
      const refused = [
        store.create(v2),
        store.replace(withMetadata(v2, stale)),
        store.replace(withMetadata(v2, { uid: 'other' })),
        store.replace(virtualServiceObject('ratings', 'v1')),
        store.delete(keyOf(v1), stale),
        store.delete(keyOf(virtualServiceObject('ratings', 'v1'))),
      ];
      const results = await Promise.allSettled(refused);
      assert.deepEqual(
        results.map(({ status }) => status),
        refused.map(() => 'rejected'),
      );
      assert.deepEqual(
        [store.list(), store.resources.current(), store.problems.current(), events],
        [...before, []],
      );
      assert.equal(store.get(keyOf(v1)), created);
    });

    if (engine.isShared) describeShared(() => ({ place, store }));
  });
}

/** What holds of stores that several processes share. */
function describeShared(opened: () => OpenStore): void {
  const openOther = (): Promise<ConfigStore> => opened().place.open();
  const sees = (
    other: ConfigStore,
    accepts: (list: readonly ConfigObject[]) => boolean,
  ): Promise<unknown> => untilValue(other.resources, () => accepts(other.list().items));

  it('has the same objects after a restart', async () => {
    const { store, place } = opened();
    await store.create(v1);
    await store.replace(withMetadata(v2, { labels: { app: 'reviews' } }));
    await store.create(virtualServiceObject('ratings', 'v1', 'shop'));
    await store.delete(keyOf(virtualServiceObject('ratings', 'v1', 'shop')));
    const before = store.list();
    await store.close();
    const other = await place.open();
    const identity = ({ items }: typeof before): unknown =>
      items.map(({ metadata: { name, uid, creationTimestamp, labels }, spec }) => [
        [name, uid, creationTimestamp, labels],
        spec,
      ]);
    assert.deepEqual(identity(other.list()), identity(before));
    assert.ok(Number(other.list().version) >= Number(before.version), 'versions do not go back');
  });

  it('shows each other what they write', async () => {
    const { store } = opened();
    const other = await openOther();
    const created = await store.create(v1);
    await sees(other, (list) => list.length === 1);
    const there = other.get(keyOf(v1));
    assert.deepEqual([there?.metadata.uid, there?.spec], [created.metadata.uid, created.spec]);
    await other.replace(v2);
    await sees(store, ([object]) => isDeepStrictEqual(object?.spec, v2.spec));
    await store.delete(keyOf(v1));
    await sees(other, (list) => list.length === 0);
  });

  it('lets one of two create an object, delete it, or write over a version', async () => {
    const { store } = opened();
    const other = await openOther();
    const codes = async (...writes: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
      (await Promise.allSettled(writes))
        .map((result) =>
          result.status === 'fulfilled' ? 'done' : (result.reason as StoreError).code,
        )
        .sort();
    const created = await codes(store.create(v1), other.create(v2));
    await Promise.all([
      sees(store, (list) => list.length === 1),
      sees(other, (list) => list.length === 1),
    ]);
    const version = (one: ConfigStore): object => ({
      resourceVersion: one.get(keyOf(v1))?.metadata.resourceVersion,
    });
    const replaced = await codes(
      store.replace(withMetadata(virtualServiceObject('reviews', 'v3'), version(store))),
      other.replace(withMetadata(virtualServiceObject('reviews', 'v4'), version(other))),
    );
    const deleted = await codes(store.delete(keyOf(v1)), other.delete(keyOf(v1)));
    assert.deepEqual(
      [created, replaced, deleted],
      [
        ['E_EXISTS', 'done'],
        ['E_CONFLICT', 'done'],
        ['E_NOT_FOUND', 'done'],
      ],
    );
  });

  it('loses no update of several writers that read, change and write', async () => {
    const { store } = opened();
    const other = await openOther();
    await store.create(withMetadata(v1, { annotations: { count: '0' } }));
    await sees(other, (list) => list.length === 1);
    const increment = async (one: ConfigStore): Promise<void> => {
      for (;;) {
        const now = one.get(keyOf(v1))!;
        const count = Number(now.metadata.annotations?.['count']) + 1;
        try {
          await one.replace(withMetadata(now, { annotations: { count: String(count) } }));
          return;
        } catch (error) {
          assert.equal((error as StoreError).code, 'E_CONFLICT');
        }
      }
    };
    const work = async (one: ConfigStore): Promise<void> => {
      for (let turn = 0; turn < 15; turn += 1) await increment(one);
    };
    await Promise.all([work(store), work(other), work(store)]);
    await sees(other, ([object]) => object?.metadata.annotations?.['count'] === '45');
    await sees(store, ([object]) => object?.metadata.annotations?.['count'] === '45');
  });
}
