import assert from 'node:assert/strict';
import { systemClock } from '../../kit/clock.ts';
import { createConsulClient } from '../../kit/consul-client.ts';
import { createLog } from '../../kit/log.ts';
import { virtualServiceObject } from '../../test/support/config-objects.ts';
import { ConsulPilots, prefix, summary, versions } from '../../test/support/consul-pilots.ts';
import { until } from '../../test/support/until.ts';
import { keyOf } from '../api/kinds.ts';
import { openConsulStore } from './consul-store.ts';
import type { StoreEvent } from './store.ts';

const log = createLog('test', 'silent');

describe('the consul store, when Consul is away or begins anew', () => {
  let pilots: ConsulPilots;

  before(async () => {
    pilots = await ConsulPilots.start();
  });
  afterEach(() => pilots.clear());
  after(() => pilots.stop());

  it('goes on from memory while Consul is away, and with writing when it is back', async () => {
    const store = await pilots.open();
    await store.create(virtualServiceObject('a', 'v1'));
    const events: StoreEvent[] = [];
    store.watch(store.list().version, (event) => events.push(event));
    const before = [store.list(), store.resources.current()];
    await pilots.consul.halt('SIGKILL');
    await assert.rejects(store.replace(virtualServiceObject('a', 'v2')), {
      code: 'E_UNAVAILABLE',
      message: /does not answer, so nothing can be written now; what is in force stays/,
    });
    await assert.rejects(store.delete(keyOf(virtualServiceObject('a', 'v1'))), {
      code: 'E_UNAVAILABLE',
    });
    assert.deepEqual([store.list(), store.resources.current(), events], [...before, []]);
    await pilots.consul.run();
    await store.replace(virtualServiceObject('a', 'v2'));
    assert.equal(summary(store), 'a:v2');
  });

  it('writes back what a Consul that lost its data no longer has, with later versions', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await one.create(virtualServiceObject('b', 'v1'));
    await pilots.become(two, 'a:v1 b:v1');
    const before = one.list();
    const gone: string[] = [];
    for (const store of [one, two]) {
      store.watch(before.version, ({ type }) => {
        if (type === 'DELETED') gone.push(type);
      });
    }
    await pilots.consul.halt('SIGKILL');
    await pilots.consul.loseData();
    await pilots.consul.run();
    await until('both pilots to agree on new versions', () => {
      const now = versions(one);
      return (
        now.every((version) => Number(version) > Number(before.version)) &&
        String(now) === String(versions(two))
      );
    });
    const kept = one
      .list()
      .items.map(({ metadata: { uid, creationTimestamp } }) => ({ uid, creationTimestamp }));
    assert.deepEqual(
      [summary(one), summary(two), gone, kept],
      [
        'a:v1 b:v1',
        'a:v1 b:v1',
        [],
        before.items.map(({ metadata: { uid, creationTimestamp } }) => ({
          uid,
          creationTimestamp,
        })),
      ],
    );
    assert.match(await pilots.raw(pilots.pathOf('b')), /"name": "b"/);
    await two.replace(virtualServiceObject('b', 'v2'));
    await pilots.become(one, 'a:v1 b:v2');
  });

  it('does not go by a reading that was begun before Consul lost its data', async () => {
    let proceed: (() => void) | undefined;
    let state: 'passing' | 'holding' | 'held' = 'passing';
    const isHeld = (): boolean => state === 'held';
    let answered: (() => void) | undefined;
    const done = new Promise<void>((resolve) => (answered = resolve));
    const store = await pilots.open({
      request: async (request) => {
        if (state !== 'holding' || !request.path.includes('recurse=true')) {
          return pilots.consul.client.request(request);
        }
        state = 'held';
        await new Promise<void>((resolve) => (proceed = resolve));
        const reply = await pilots.consul.client.request(request);
        // As it was just before the object was written back.
        const entries = reply.body as readonly { readonly Key: string }[];
        setImmediate(() => answered?.());
        return { body: entries.filter(({ Key }) => Key !== pilots.pathOf('a')), index: 1 };
      },
    });
    for (let turn = 0; turn < 50; turn += 1) {
      const object = virtualServiceObject('a', `v${turn}`);
      await (turn === 0 ? store.create(object) : store.replace(object));
    }
    state = 'holding';
    await until('a reading of everything', isHeld);
    const { version } = store.list();
    await pilots.consul.halt('SIGKILL');
    await pilots.consul.loseData();
    await pilots.consul.run();
    await until(
      'the object to be written back',
      () => Number(versions(store)[0]) > Number(version),
    );
    proceed?.();
    await done;
    // Behind what is done with the answer.
    await store.create(virtualServiceObject('b', 'v1'));
    assert.equal(summary(store), 'a:v49 b:v1');
  });

  it('believes that everything is gone when somebody deletes it', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await pilots.become(two, 'a:v1');
    await pilots.deleteByHand(`${prefix}/?recurse=true`);
    await Promise.all([pilots.become(one, ''), pilots.become(two, '')]);
    await two.create(virtualServiceObject('b', 'v1'));
    await pilots.become(one, 'b:v1');
  });

  it('takes over an older state that Consul was set back to', async () => {
    const [one, two] = [await pilots.open(), await pilots.open()];
    await one.create(virtualServiceObject('a', 'v1'));
    await pilots.become(two, 'a:v1');
    const snapshot = await (await fetch(`${pilots.consul.address}/v1/snapshot`)).arrayBuffer();
    await one.replace(virtualServiceObject('a', 'v2'));
    await one.create(virtualServiceObject('b', 'v1'));
    await pilots.become(two, 'a:v2 b:v1');
    const { version } = one.list();
    await fetch(`${pilots.consul.address}/v1/snapshot`, { method: 'PUT', body: snapshot });
    await two.create(virtualServiceObject('c', 'v1'));
    await Promise.all([pilots.become(one, 'a:v1 c:v1'), pilots.become(two, 'a:v1 c:v1')]);
    assert.ok(Number(versions(two)[0]) > Number(version), 'versions go on growing');
    assert.deepEqual(one.list(), two.list());
  });

  it('waits for a Consul that does not answer yet, until it is told to end', async () => {
    const client = createConsulClient({ address: 'http://127.0.0.1:1' });
    const controller = new AbortController();
    const opening = openConsulStore({ client, prefix, clock: systemClock, log }, controller.signal);
    controller.abort();
    await assert.rejects(opening, { code: 'E_CLOSED' });
  });
});
